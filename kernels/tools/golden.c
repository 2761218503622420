#include "golden.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "facelite/facelite_debug.h"
#include "npz.h"

#define TEXT 128

/* A golden file, its arrays found and their shapes known to be this student's. */
typedef struct golden {
    const char *file;
    npz_array names, codes, outputs_int8, outputs_float, layers, checksums, controls, stream_pcm, stream_curves;
    size_t windows, window;
} golden;

/* What the observer needs: a checksum an operator, kept over the hops of a window. */
typedef struct sums {
    uint32_t *crc;
} sums;

/* CRC-32 of ISO 3309, as zlib and PNG have it, bit by bit; `crc` is that of what came before. */
static uint32_t crc32(uint32_t crc, const uint8_t *bytes, size_t length, uint8_t mask) {
    crc = ~crc;
    for (size_t i = 0; i < length; i++) {
        crc ^= (uint32_t)(bytes[i] ^ mask);
        for (int bit = 0; bit < 8; bit++) {
            crc = crc >> 1 ^ (crc & 1u ? 0xedb88320u : 0u);
        }
    }
    return ~crc;
}

/* The golden checksums are of int8 codes; code + 128 is the code with its highest bit turned. */
static void observe(void *user, uint32_t op, const uint8_t *biased, uint32_t frames, uint32_t channels) {
    sums *seen = user;
    seen->crc[op] = crc32(seen->crc[op], biased, (size_t)frames * channels, 0x80);
}

static npz_array find(const char *name, const void *file, size_t length, const char *array, const char *type,
                      const size_t *shape, size_t rank) {
    npz_array found;
    char problem[TEXT];
    const char *wrong = npz_find(file, length, array, &found);
    int fits = wrong == NULL && strncmp(found.type, type, strlen(type)) == 0 && found.rank == rank;
    for (size_t i = 0; fits && i < rank; i++) {
        fits = shape[i] == 0 || found.shape[i] == shape[i];
    }
    if (!fits) {
        snprintf(problem, sizeof problem, "%s: %s", array, wrong ? wrong : "it is not this student's");
        fail(name, problem);
    }
    return found;
}

static golden open_golden(const player *p, const void *file, size_t length, const char *name) {
    const size_t controls = p->info.controls, ops = p->info.ops, window = p->info.window;
    golden g = {.file = name, .window = window};
    const size_t any[1] = {0}, inputs[2] = {0, window};
    g.codes = find(name, file, length, "codes", "|i1", inputs, 2);
    g.windows = g.codes.shape[0];
    const size_t n[1] = {g.windows}, out[2] = {g.windows, controls}, sum[2] = {g.windows, ops};
    const size_t layers[1] = {ops}, faces[1] = {controls}, curves[2] = {0, controls};
    g.names = find(name, file, length, "names", "<U", n, 1);
    g.outputs_int8 = find(name, file, length, "outputs_int8", "|i1", out, 2);
    g.outputs_float = find(name, file, length, "outputs_float", "<f4", out, 2);
    g.layers = find(name, file, length, "layers", "<U", layers, 1);
    g.checksums = find(name, file, length, "checksums", "<u4", sum, 2);
    g.controls = find(name, file, length, "controls", "<U", faces, 1);
    g.stream_pcm = find(name, file, length, "stream_pcm", "<i2", any, 1);
    g.stream_curves = find(name, file, length, "stream_curves", "<f4", curves, 2);
    return g;
}

/* Plays one window; returns the first operator whose checksum differs, or the number of operators. */
static size_t first_difference(player *p, const golden *g, size_t window, uint32_t *crc, int8_t *frame, int8_t *hop) {
    const size_t size = p->info.hop, filled = (size - g->window % size) % size;
    const uint8_t *codes = g->codes.bytes + window * g->window;
    sums seen = {crc};
    memset(crc, 0, p->info.ops * sizeof *crc);
    check(facelite_stream_reset(p->stream), "reset");
    for (size_t at = 0; at < g->window + filled; at += size) {
        const size_t silence = at == 0 ? filled : 0;
        memset(hop, 0, silence);
        memcpy(hop + silence, codes + (at == 0 ? 0 : at - filled), size - silence);
        check(facelite_debug_hop(p->stream, p->scratch.bytes, hop, frame, observe, &seen), "hop");
    }
    size_t op = 0;
    const uint8_t *wanted = g->checksums.bytes + window * p->info.ops * sizeof *crc;
    while (op < p->info.ops && memcmp(wanted + op * sizeof *crc, &crc[op], sizeof *crc) == 0) {
        op++;
    }
    return op;
}

/* Whether the newest frame has the golden codes and stands for the golden values. */
static int same_output(const player *p, const golden *g, size_t window, const int8_t *frame) {
    const size_t controls = p->info.controls;
    float scale = 0;
    int32_t zero_point = 0;
    check(facelite_debug_output(p->model, &scale, &zero_point), "output");
    int same = memcmp(frame, g->outputs_int8.bytes + window * controls, controls) == 0;
    for (size_t i = 0; i < controls; i++) {
        const float value = (float)(frame[i] - zero_point) * scale;
        same = same && memcmp(&value, g->outputs_float.bytes + (window * controls + i) * 4, 4) == 0;
    }
    return same;
}

static int check_windows(player *p, const golden *g) {
    const size_t ops = p->info.ops;
    block crc = make_block(ops * sizeof(uint32_t)), frame = make_block(p->info.controls), hop = make_block(p->info.hop);
    size_t first = ops + 1, where = 0;
    for (size_t i = 0; i < g->windows; i++) {
        size_t op = first_difference(p, g, i, crc.bytes, frame.bytes, hop.bytes);
        op = op == ops && same_output(p, g, i, frame.bytes) ? ops + 1 : op;
        where = op < first ? i : where;
        first = op < first ? op : first;
    }
    free_block(&crc);
    free_block(&frame);
    free_block(&hop);
    if (first > ops) {
        return 1;
    }
    char layer[TEXT] = "output", window[TEXT];
    if (first < ops) {
        npz_text(&g->layers, first, layer, sizeof layer);
    }
    fprintf(stderr, "facelite: %s: layer %s is the first that differs (%zu of %zu), in window \"%s\"\n", g->file,
            layer, first < ops ? first + 1 : ops, ops, npz_text(&g->names, where, window, sizeof window));
    return 0;
}

/* The golden recording, pushed hop by hop. */
static int check_stream(player *p, const golden *g) {
    const size_t samples = g->stream_pcm.count, controls = p->info.controls, wanted = g->stream_curves.shape[0];
    block pcm = make_block(samples * sizeof(int16_t));
    block frames = make_block((samples / p->info.hop + 2) * controls * sizeof(float));
    float *said = frames.bytes;
    size_t total = 0, written = 0, at = 0;
    memcpy(pcm.bytes, g->stream_pcm.bytes, samples * sizeof(int16_t));
    check(facelite_stream_reset(p->stream), "reset");
    for (; at < samples; at += p->info.hop) {
        const size_t now = samples - at < p->info.hop ? samples - at : p->info.hop;
        check(facelite_stream_push_i16(p->stream, p->scratch.bytes, (const int16_t *)pcm.bytes + at, now,
                                       said + total * controls, 2, &written), "push");
        total += written;
    }
    const size_t pending = facelite_stream_frames_pending(p->stream), room = samples / p->info.hop + 2 - total;
    if (pending > room) {
        fail(g->file, "the stream owes more frames than audio makes");
    }
    check(facelite_stream_flush(p->stream, p->scratch.bytes, said + total * controls, room, &written), "flush");
    total += written;
    size_t i = 0;
    const size_t values = (total < wanted ? total : wanted) * controls;
    while (i < values && memcmp(&said[i], g->stream_curves.bytes + i * 4, 4) == 0) {
        i++;
    }
    free_block(&pcm);
    free_block(&frames);
    if (i == values && total == wanted) {
        return 1;
    }
    char control[TEXT] = "";
    fprintf(stderr, "facelite: %s: the recording gives %zu frames of %zu; frame %zu differs first, control %s\n",
            g->file, total, wanted, i / controls, npz_text(&g->controls, i % controls, control, sizeof control));
    return 0;
}

int golden_check(player *p, const void *file, size_t length, const char *name) {
    const golden g = open_golden(p, file, length, name);
    if (!check_windows(p, &g) || !check_stream(p, &g)) {
        return 0;
    }
    printf("{\"isa\": \"%s\", \"golden\": true, \"windows\": %zu, \"operators\": %zu, \"frames\": %zu}\n",
           facelite_model_isa(p->model), g.windows, (size_t)p->info.ops, g.stream_curves.shape[0]);
    return 1;
}
