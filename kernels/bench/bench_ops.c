#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../src/dispatch.h"
#include "bench.h"
#include "peak.h"
#include "synthetic.h"
#include "timing.h"

enum { BIGGEST = 1 << 14, SAMPLES = 256, ADDED = 96, AVERAGED = 8, DOTS = 4, TAPS = 168 };

typedef struct shape {
    const char *name;
    uint32_t inputs, channels, rows;
    size_t row_step;
} shape;

/* The tiny_real_time student's layers, a hop of each, and one that stresses the edges. */
static const shape shapes[] = {
    {"front 1->32 k160 s8", 160, 32, 32, 8},
    {"conv 32->48 k13 s8", 13 * 32, 48, 4, 256},
    {"conv 48->64 k3 s2", 3 * 48, 64, 2, 96},
    {"conv 64->96 k4 s2", 4 * 64, 96, 1, 128},
    {"conv 96->96 k3", 3 * 96, 96, 1, 96},
    {"conv 96->27 k16", 16 * 96, 27, 1, 96},
    {"pointwise 17->5", 17, 5, 8, 17},
};

typedef struct job {
    const facelite_ops *ops;
    const facelite_conv *layer;
    facelite_add add;
    facelite_mean mean;
    facelite_compander compander;
    const shape *shape;
    float *pcm;
    int16_t *pcm16;
    uint8_t *in, *out;
} job;

static void run_conv(void *argument) {
    const job *j = argument;
    j->ops->conv(j->out, j->in, j->shape->row_step, j->shape->rows, j->layer);
}

static void run_add(void *argument) {
    const job *j = argument;
    j->ops->add(j->out, j->in, j->in + 128, ADDED, &j->add);
}

static void run_mean(void *argument) {
    const job *j = argument;
    j->ops->mean(j->out, j->in, 1, &j->mean);
}

static void run_map(void *argument) {
    const job *j = argument;
    j->ops->map(j->out, j->in, ADDED, (const int8_t *)j->in + ADDED);
}

static void run_encode(void *argument) {
    const job *j = argument;
    j->ops->encode_f32(j->out, j->pcm, SAMPLES, &j->compander);
}

static void run_encode16(void *argument) {
    const job *j = argument;
    j->ops->encode_i16(j->out, j->pcm16, SAMPLES, &j->compander);
}

/* What the 48 kHz filter takes for four of its outputs. */
static void run_filter(void *argument) {
    const job *j = argument;
    facelite_dot dots[DOTS];
    float sums[DOTS];
    for (int i = 0; i < DOTS; i++) {
        dots[i] = (facelite_dot){j->pcm + 3 * i, j->pcm + SAMPLES - TAPS, i % 2};
    }
    j->ops->filter(sums, dots, DOTS, TAPS);
    memcpy(j->out, sums, sizeof sums);
}

static measurement measure(void (*work)(void *), job *j, double macs) {
    const double taken = fastest_ticks(work, j);
    return (measurement){.ns = taken * ns_per_tick(), .cycles = taken / ticks_per_cycle(), .macs = macs};
}

static void bench_conv(report *to, const char *tier, job *j, const shape *of, weight_kind kind) {
    random_source random = {1 + of->inputs};
    synthetic_conv conv = synthetic_conv_make(&random, of->inputs, of->channels, kind, RESCALE_RELU);
    char name[64];
    snprintf(name, sizeof name, "%s%s", of->name, conv.layer.pair_safe ? " safe" : "");
    j->layer = &conv.layer;
    j->shape = of;
    measurement found = measure(run_conv, j, (double)of->inputs * of->channels * of->rows);
    const double peak =
        of->rows > 1 ? peak_resident(tier) : peak_stream(tier, (size_t)conv.layer.quads * 4 * conv.layer.channels);
    found.roofline = peak > 0.0 ? found.macs / peak : 0.0;
    report_line(to, tier, name, found);
    synthetic_conv_free(&conv);
}

void bench_ops(report *to, const char *tier) {
    facelite_ops ops;
    if (facelite_isa_force(tier) != FACELITE_OK || facelite_dispatch(&ops) == NULL) {
        fprintf(stderr, "no tier %s here\n", tier);
        exit(2);
    }
    random_source random = {7};
    job j = {.ops = &ops,
             .add = synthetic_add(&random),
             .in = aligned_zeroed(BIGGEST),
             .out = aligned_zeroed(BIGGEST),
             .mean = {AVERAGED, ADDED, 128, 1 << 30, -2, 128},
             .pcm = aligned_zeroed(SAMPLES * sizeof(float)),
             .pcm16 = aligned_zeroed(SAMPLES * sizeof(int16_t))};
    synthetic_compander(&j.compander);
    for (size_t i = 0; i < BIGGEST; i++) {
        j.in[i] = (uint8_t)random_u32(&random);
    }
    for (size_t i = 0; i < SAMPLES; i++) {
        j.pcm16[i] = (int16_t)random_between(&random, -8000, 8000);
        j.pcm[i] = (float)j.pcm16[i] / 32768.0f;
    }
    for (size_t s = 0; s < sizeof shapes / sizeof shapes[0]; s++) {
        bench_conv(to, tier, &j, &shapes[s], WEIGHTS_SAFE);
        bench_conv(to, tier, &j, &shapes[s], WEIGHTS_ANY);
    }
    report_line(to, tier, "add 96", measure(run_add, &j, 0.0));
    report_line(to, tier, "mean of 8, 96 channels", measure(run_mean, &j, 0.0));
    report_line(to, tier, "map 96", measure(run_map, &j, 0.0));
    report_line(to, tier, "encode 256 float samples", measure(run_encode, &j, 0.0));
    report_line(to, tier, "encode 256 int16 samples", measure(run_encode16, &j, 0.0));
    report_line(to, tier, "resample 4 outputs of 168 taps", measure(run_filter, &j, (double)DOTS * TAPS));
    aligned_free(j.pcm16);
    aligned_free(j.pcm);
    aligned_free(j.in);
    aligned_free(j.out);
}
