/* A convolution block by block, the same in every tier whose blocks of channels share nothing. Whoever includes this has
 * defined
 *   activations                what a block is told of the codes, above all which folded bias goes with them
 *   run_block(out, rows, row_step, count, w, channel, layer, activations, vectors)
 *                              all rows of the block of weights w, channels from `channel` on
 * `vectors`, of 4 channels each, is a constant in every call, so that loops over it unroll and sums become registers. */
#ifndef FACELITE_BLOCKS_H
#define FACELITE_BLOCKS_H

#include "inline.h"
#include "ops.h"

INLINE void run_blocks(uint8_t *out, const uint8_t *rows, size_t row_step, size_t count, const facelite_conv *layer,
                       activations codes) {
    const int8_t *w = layer->weights;
    for (size_t channel = 0; channel < layer->channels; channel += FACELITE_BLOCK) {
        switch ((layer->channels - channel + 3) / 4) {
        case 1: run_block(out, rows, row_step, count, w, channel, layer, codes, 1); break;
        case 2: run_block(out, rows, row_step, count, w, channel, layer, codes, 2); break;
        case 3: run_block(out, rows, row_step, count, w, channel, layer, codes, 3); break;
        default: run_block(out, rows, row_step, count, w, channel, layer, codes, 4); break;
        }
        w += (size_t)layer->quads * FACELITE_BLOCK * 4;
    }
}

#endif
