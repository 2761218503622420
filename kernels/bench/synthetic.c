#include "synthetic.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../src/compander.h"
#include "../src/requant.h"

uint32_t random_u32(random_source *random) {
    random->state ^= random->state >> 12;
    random->state ^= random->state << 25;
    random->state ^= random->state >> 27;
    return (uint32_t)((random->state * UINT64_C(0x2545f4914f6cdd1d)) >> 32);
}

int32_t random_between(random_source *random, int32_t low, int32_t high) {
    return low + (int32_t)(random_u32(random) % ((uint32_t)(high - low) + 1u));
}

/* malloc and a header: aligned_alloc is missing on Windows. */
void *aligned_zeroed(size_t bytes) {
    uint8_t *raw = calloc(1, bytes + FACELITE_ALIGNMENT + sizeof(void *));
    if (raw == NULL) {
        fputs("out of memory\n", stderr);
        exit(2);
    }
    const uintptr_t first = (uintptr_t)raw + sizeof(void *);
    uint8_t *aligned = raw + sizeof(void *) + (FACELITE_ALIGNMENT - first % FACELITE_ALIGNMENT) % FACELITE_ALIGNMENT;
    memcpy(aligned - sizeof(void *), &raw, sizeof(void *));
    return aligned;
}

void aligned_free(void *memory) {
    if (memory) {
        void *raw;
        memcpy(&raw, (uint8_t *)memory - sizeof(void *), sizeof(void *));
        free(raw);
    }
}

static void fill_pair(random_source *random, weight_kind kind, int8_t *pair) {
    static const int8_t limits[6][2] = {{127, 1}, {1, 127}, {-127, -1}, {64, 64}, {127, -127}, {-64, -64}};
    switch (kind) {
    case WEIGHTS_SAFE:
        pair[0] = (int8_t)random_between(random, -64, 64);
        pair[1] = (int8_t)random_between(random, -64, 64);
        break;
    case WEIGHTS_SAFEST: memcpy(pair, limits[random_u32(random) % 6], 2); break;
    case WEIGHTS_ANY:
        pair[0] = (int8_t)random_between(random, -127, 127);
        pair[1] = (int8_t)random_between(random, -127, 127);
        break;
    case WEIGHTS_POSITIVE: pair[0] = pair[1] = 127; break;
    case WEIGHTS_NEGATIVE: pair[0] = pair[1] = -127; break;
    }
}

/* Where weight `i` of channel `o` lies in the packed order. */
static size_t packed_index(const facelite_conv *layer, uint32_t o, uint32_t i) {
    const size_t packed = (layer->channels + 3u) / 4u * 4u, block = o / FACELITE_BLOCK * FACELITE_BLOCK;
    const size_t width = packed - block < FACELITE_BLOCK ? packed - block : FACELITE_BLOCK;
    return block * layer->quads * 4 + (size_t)(i / 4) * width * 4 + (o - block) * 4 + i % 4;
}

/* Real factor that spreads a random sum over about the int8 range. */
static double typical_factor(uint32_t inputs) {
    return 100.0 / (60.0 * 70.0 * sqrt(inputs));
}

static void fill_rescale(random_source *random, rescale_kind kind, double factor, int64_t largest, int32_t *multiplier,
                         int8_t *shift, double *scale) {
    int exponent = 0;
    const double significand = frexp(factor * (0.5 + random_between(random, 0, 1000) / 1000.0), &exponent);
    *multiplier = (int32_t)(significand * 2147483647.0);
    *shift = (int8_t)exponent;
    *scale = ldexp(significand, exponent);
    static const int8_t right[4] = {-1, -31, -30, -9}, any[6] = {0, -1, -31, -30, 1, 3};
    if (kind == RESCALE_EXTREME || kind == RESCALE_LIMITS) {
        static const int32_t multipliers[4] = {0, 1 << 30, INT32_MAX, 1};
        *multiplier = multipliers[random_u32(random) % 4];
        *shift = kind == RESCALE_LIMITS ? right[random_u32(random) % 4] : any[random_u32(random) % 6];
        while (*shift > 0 && largest > (INT32_MAX - 255) >> *shift) {
            --*shift;
        }
    }
}

static void fill_channel(random_source *random, synthetic_conv *conv, uint32_t o, uint32_t inputs, weight_kind weights,
                         rescale_kind rescale, int8_t *packed) {
    int32_t sum = 0;
    int64_t absolute = 0;
    for (uint32_t i = 0; i < inputs; i += 2) {
        int8_t pair[2] = {0, 0};
        fill_pair(random, weights, pair);
        for (uint32_t k = 0; k < 2 && i + k < inputs; k++) {
            packed[packed_index(&conv->layer, o, i + k)] = pair[k];
            sum += pair[k];
            absolute += abs(pair[k]);
        }
    }
    const int32_t zero_point = random_between(random, -128, 127), bias = random_between(random, -20000, 20000);
    /* At the limits sums come as near to 2^31 as the loader lets them. */
    const int32_t largest = INT32_MAX - 1024 - (int32_t)absolute * 255 - 128 * abs(sum);
    const int32_t bias_s8 = rescale != RESCALE_LIMITS ? bias - zero_point * sum : bias % 2 ? largest : -largest;
    const int32_t bias_u8 = bias_s8 - 128 * sum;
    memcpy((uint8_t *)conv->layer.bias_s8 + (size_t)o * 4, &bias_s8, 4);
    memcpy((uint8_t *)conv->layer.bias_u8 + (size_t)o * 4, &bias_u8, 4);
    int32_t multiplier;
    int8_t shift;
    double scale;
    fill_rescale(random, rescale, typical_factor(inputs), absolute * 255 + abs(bias_s8), &multiplier, &shift, &scale);
    memcpy((uint8_t *)conv->layer.multiplier + (size_t)o * 4, &multiplier, 4);
    memcpy((uint8_t *)conv->layer.shift + o, &shift, 1);
    if (conv->layer.scale) {
        memcpy((uint8_t *)conv->layer.scale + (size_t)o * 8, &scale, 8);
    }
}

synthetic_conv synthetic_conv_make(random_source *random, uint32_t inputs, uint32_t channels, weight_kind weights,
                                   rescale_kind rescale) {
    const uint32_t quads = (inputs + 3) / 4, packed = (channels + 3) / 4 * 4;
    const size_t padded = (channels + FACELITE_BLOCK - 1) / FACELITE_BLOCK * FACELITE_BLOCK;
    const size_t weight_bytes = ((size_t)packed * quads * 4 + FACELITE_WEIGHT_SLACK + 63) / 64 * 64;
    uint8_t *memory = aligned_zeroed(weight_bytes + padded * (4 + 4 + 4 + 8 + 4));
    synthetic_conv conv = {.memory = memory};
    int8_t *w = (int8_t *)memory;
    memory += weight_bytes;
    conv.layer = (facelite_conv){.weights = w,
                                 .bias_s8 = memory,
                                 .bias_u8 = memory + padded * 4,
                                 .multiplier = memory + padded * 8,
                                 .shift = (const int8_t *)memory + padded * 20,
                                 .scale = rescale == RESCALE_FLOATING ? memory + padded * 12 : NULL,
                                 .quads = quads,
                                 .channels = channels,
                                 .zero_point = random_between(random, 0, 255),
                                 .lo = random_between(random, 0, 60),
                                 .hi = random_between(random, 200, 255),
                                 .pair_safe = weights == WEIGHTS_SAFE || weights == WEIGHTS_SAFEST};
    for (uint32_t o = 0; o < channels; o++) {
        fill_channel(random, &conv, o, inputs, weights, rescale, w);
    }
    if (rescale == RESCALE_RELU || rescale == RESCALE_LIMITS) {
        conv.layer.lo = conv.layer.zero_point;
        conv.layer.hi = 255;
    }
    conv.layer.half_up = facelite_rounds_half_up(&conv.layer);
    return conv;
}

void synthetic_conv_free(synthetic_conv *conv) {
    aligned_free(conv->memory);
    conv->memory = NULL;
}

facelite_add synthetic_add(random_source *random) {
    return (facelite_add){.zero_point = {random_between(random, 0, 255), random_between(random, 0, 255)},
                          .multiplier = {random_between(random, 1 << 30, INT32_MAX), 1 << 30},
                          .shift = {-random_between(random, 0, 6), 0},
                          .out_multiplier = random_between(random, 1 << 30, INT32_MAX),
                          .out_shift = -random_between(random, 16, 20),
                          .out_zero_point = random_between(random, 0, 255),
                          .lo = random_between(random, 0, 60),
                          .hi = random_between(random, 200, 255)};
}

void synthetic_compander(facelite_compander *compander) {
    uint32_t code = 0;
    for (uint32_t bucket = 0; bucket < FACELITE_BUCKETS; bucket++) {
        compander->entry[bucket] = 0xffffff00u | code;
        const double edge = ceil(expm1((code + 0.5) / 127.0 * log(256.0)) / 255.0 * 32768.0);
        if (code < 127 && facelite_bucket((uint32_t)edge) == bucket) {
            compander->entry[bucket] = (uint32_t)edge << 8 | code++;
        }
    }
}
