/* Matrix times a few rows, the same in every x86 tier: a tile is `blocks` blocks of channels by `rows` rows whose sums
 * all stay in registers. Whoever includes this has defined
 *   vector, VECTORS            a register, and how many of them hold a block's sums
 *   load, broadcast, zero      weights; the 4 inputs of a quad in every lane; no sum yet
 *   multiply_add(sum, x, w)    sum + the products of a quad, exact
 *   add_sums(a, b)             int32 lanes
 *   finish                     sums [row][vector] of a block -> codes
 *   MOST_BLOCKS, MOST_SUMS     of any tile; MOST_SUMS counts vectors and chains
 * The counts are constants wherever these functions are called, so that every loop over vectors unrolls and the arrays
 * of sums become registers. */
#ifndef FACELITE_TILE_H
#define FACELITE_TILE_H

/* Where the weights of a tile's blocks are, and the bytes from one quad to the next: a narrow last block has its
 * own. Its upper lanes hold what follows it, and are never stored. */
typedef struct tile {
    const int8_t *weights[MOST_BLOCKS];
    size_t step[MOST_BLOCKS];
} tile;

INLINE tile point_tile(const facelite_conv *layer, size_t channel, int blocks) {
    const size_t packed = (layer->channels + 3u) / 4u * 4u;
    tile at;
    UNROLLED for (int b = 0; b < blocks; b++) {
        const size_t first = channel + (size_t)b * FACELITE_BLOCK;
        at.weights[b] = layer->weights + first * layer->quads * 4;
        at.step[b] = first + FACELITE_BLOCK <= packed ? FACELITE_BLOCK * 4 : packed % FACELITE_BLOCK * 4;
    }
    return at;
}

/* Adds the products of one quad of every block and row. */
INLINE void add_quad(vector *sums, const uint8_t *x, size_t row_step, tile *at, int rows, int blocks) {
    UNROLLED for (int b = 0; b < blocks; b++) {
        UNROLLED for (int v = 0; v < VECTORS; v++) {
            const vector w = load(at->weights[b] + (size_t)v * sizeof(vector));
            UNROLLED for (int r = 0; r < rows; r++) {
                vector *sum = &sums[(b * rows + r) * VECTORS + v];
                *sum = multiply_add(*sum, broadcast(x + (size_t)r * row_step), w);
            }
        }
        at->weights[b] += at->step[b];
    }
}

/* acc[block][row][vector] = bias + products. Sums are kept apart by quad modulo `chains` where there are too few of
 * them to hide the latency of multiply_add. */
INLINE void dot(vector *acc, const uint8_t *x, size_t row_step, size_t channel, const facelite_conv *layer, int rows,
                int blocks, int chains) {
    const int vectors = blocks * rows * VECTORS;
    tile at = point_tile(layer, channel, blocks);
    vector sums[MOST_SUMS];
    UNROLLED for (int i = 0; i < vectors; i++) {
        const size_t lane = (size_t)(i / (rows * VECTORS) * VECTORS + i % VECTORS) * sizeof(vector);
        sums[i] = load((const uint8_t *)layer->bias_u8 + channel * 4 + lane);
    }
    UNROLLED for (int i = vectors; i < vectors * chains; i++) {
        sums[i] = zero();
    }
    uint32_t q = 0;
    for (; q + (uint32_t)chains <= layer->quads; q += (uint32_t)chains) {
        UNROLLED for (int c = 0; c < chains; c++, x += 4) {
            add_quad(sums + c * vectors, x, row_step, &at, rows, blocks);
        }
    }
    for (; q < layer->quads; q++, x += 4) {
        add_quad(sums, x, row_step, &at, rows, blocks);
    }
    UNROLLED for (int i = 0; i < vectors; i++) {
        UNROLLED for (int c = 1; c < chains; c++) {
            sums[i] = add_sums(sums[i], sums[c * vectors + i]);
        }
        acc[i] = sums[i];
    }
}

/* Tiles of `blocks` blocks from `channel` on while there are so many left; returns the next channel. */
INLINE size_t run_tiles(uint8_t *out, const uint8_t *x, size_t row_step, size_t channel, const facelite_conv *layer,
                        int rows, int blocks, int chains) {
    const size_t before = (size_t)(blocks - 1) * FACELITE_BLOCK;
    for (; channel + before < layer->channels; channel += (size_t)blocks * FACELITE_BLOCK) {
        vector acc[MOST_SUMS];
        dot(acc, x, row_step, channel, layer, rows, blocks, chains);
        for (int b = 0; b < blocks; b++) {
            const size_t first = channel + (size_t)b * FACELITE_BLOCK;
            finish(out + first, acc + b * rows * VECTORS, layer, first, rows);
        }
    }
    return channel;
}

/* All channels of `rows` rows: wide tiles, then narrow ones for what is left. Pairs of blocks only help single rows,
 * which wait for each block's loop to end. */
INLINE void run_rows(uint8_t *out, const uint8_t *x, size_t row_step, const facelite_conv *layer, int rows, int blocks,
                     int chains) {
    size_t channel = run_tiles(out, x, row_step, 0, layer, rows, blocks, chains);
    if (rows == 1 && blocks > 2) {
        channel = run_tiles(out, x, row_step, channel, layer, rows, 2, CHAINS(rows * 2));
    }
    run_tiles(out, x, row_step, channel, layer, rows, 1, CHAINS(rows));
}

#endif
