/* facelite_bench_ops [--json] [--isa NAME]: ns and MACs per cycle of every operator on every tier of this CPU, over
 * the shapes of the shipped students. Cycles come from a chain of dependent additions timed between the runs, so
 * they follow the clock the core really has. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../src/dispatch.h"
#include "synthetic.h"

enum { TRIALS = 301, BIGGEST = 1 << 14 };

typedef struct shape {
    const char *name;
    uint32_t inputs, channels, rows;
    size_t row_step;
} shape;

/* The tiny_real_time student's layers, a hop of each, and two that stress the edges. */
static const shape shapes[] = {
    {"front 1->32 k160 s8", 160, 32, 32, 8},
    {"conv 32->48 k13 s8", 13 * 32, 48, 4, 256},
    {"conv 48->64 k3 s2", 3 * 48, 64, 2, 96},
    {"conv 64->96 k4 s2", 4 * 64, 96, 1, 128},
    {"conv 96->96 k3", 3 * 96, 96, 1, 96},
    {"conv 96->27 k16", 16 * 96, 27, 1, 96},
    {"pointwise 17->5", 17, 5, 8, 17},
};

static double now_ns(void) {
    struct timespec t;
    timespec_get(&t, TIME_UTC);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* ns a cycle: `steps` additions, each waiting for the one before. */
static double cycle_ns(void) {
    const int steps = 10000;
    const double start = now_ns();
#if defined(__GNUC__)
    uint64_t value = 1;
    for (int i = 0; i < steps / 20; i++) {
#define CHAIN(x) __asm__ volatile("" : "+r"(x)); x += x
        CHAIN(value); CHAIN(value); CHAIN(value); CHAIN(value); CHAIN(value);
        CHAIN(value); CHAIN(value); CHAIN(value); CHAIN(value); CHAIN(value);
        CHAIN(value); CHAIN(value); CHAIN(value); CHAIN(value); CHAIN(value);
        CHAIN(value); CHAIN(value); CHAIN(value); CHAIN(value); CHAIN(value);
    }
    __asm__ volatile("" : : "r"(value));
#endif
    return (now_ns() - start) / steps;
}

typedef struct result {
    double ns, macs_per_cycle;
} result;

/* The fastest of TRIALS trials of about 20 us each: a shared machine only ever adds time. */
static result measure(void (*work)(void *), void *argument, double macs) {
    double start = now_ns(), ns = 1e30, cycle = 1e30;
    work(argument);
    work(argument);
    const int repeats = (int)(2e4 / ((now_ns() - start) / 2 + 1)) + 1;
    for (int trial = 0; trial < TRIALS; trial++) {
        const double tick = cycle_ns();
        start = now_ns();
        for (int i = 0; i < repeats; i++) {
            work(argument);
        }
        const double taken = (now_ns() - start) / repeats;
        ns = taken < ns ? taken : ns;
        cycle = tick < cycle ? tick : cycle;
    }
    return (result){ns, macs * cycle / ns};
}

typedef struct report {
    int json, lines;
} report;

static void print(report *to, const char *tier, const char *op, result found) {
    if (to->json) {
        printf("%s\n  {\"tier\": \"%s\", \"op\": \"%s\", \"ns\": %.1f, \"macs_per_cycle\": %.2f}", to->lines ? "," : "",
               tier, op, found.ns, found.macs_per_cycle);
    } else {
        printf("%-12s %-32s %10.1f ns %8.2f MACs/cycle\n", tier, op, found.ns, found.macs_per_cycle);
    }
    to->lines++;
}

typedef struct job {
    const facelite_ops *ops;
    const facelite_conv *layer;
    const facelite_add *add;
    const facelite_compander *compander;
    const shape *shape;
    const float *pcm;
    uint8_t *in, *out;
} job;

static void run_conv(void *argument) {
    const job *j = argument;
    j->ops->conv(j->out, j->in, j->shape->row_step, j->shape->rows, j->layer);
}

static void run_add(void *argument) {
    const job *j = argument;
    j->ops->add(j->out, j->in, j->in + 128, 96, j->add);
}

static void run_encode(void *argument) {
    const job *j = argument;
    j->ops->encode_f32(j->out, j->pcm, 256, j->compander);
}

static void bench_convs(report *to, const char *tier, job *j) {
    static const weight_kind kinds[2] = {WEIGHTS_SAFE, WEIGHTS_ANY};
    for (size_t s = 0; s < sizeof shapes / sizeof shapes[0]; s++) {
        for (int k = 0; k < 2; k++) {
            random_source random = {1 + s};
            synthetic_conv conv =
                synthetic_conv_make(&random, shapes[s].inputs, shapes[s].channels, kinds[k], RESCALE_TYPICAL);
            char name[64];
            snprintf(name, sizeof name, "%s%s", shapes[s].name, conv.layer.pair_safe ? " safe" : "");
            j->layer = &conv.layer;
            j->shape = &shapes[s];
            const double macs = (double)shapes[s].inputs * shapes[s].channels * shapes[s].rows;
            print(to, tier, name, measure(run_conv, j, macs));
            synthetic_conv_free(&conv);
        }
    }
}

static void bench_tier(report *to, const char *tier, uint8_t *in, uint8_t *out, const float *pcm) {
    facelite_ops ops;
    facelite_compander compander;
    random_source random = {7};
    const facelite_add add = synthetic_add(&random);
    synthetic_compander(&compander);
    if (facelite_isa_force(tier) != FACELITE_OK || facelite_dispatch(&ops) == NULL) {
        fprintf(stderr, "no tier %s here\n", tier);
        exit(2);
    }
    job j = {.ops = &ops, .add = &add, .compander = &compander, .in = in, .out = out, .pcm = pcm};
    bench_convs(to, tier, &j);
    print(to, tier, "add 96", measure(run_add, &j, 96));
    print(to, tier, "encode 256 float samples", measure(run_encode, &j, 256));
}

int main(int argc, char **argv) {
    report to = {0, 0};
    const char *only = NULL;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--json") == 0) {
            to.json = 1;
        } else if (strcmp(argv[i], "--isa") == 0 && i + 1 < argc) {
            only = argv[++i];
        } else {
            fprintf(stderr, "usage: %s [--json] [--isa NAME]\n", argv[0]);
            return 2;
        }
    }
    random_source random = {3};
    uint8_t *in = aligned_zeroed(BIGGEST), *out = aligned_zeroed(BIGGEST);
    float *pcm = aligned_zeroed(256 * sizeof(float));
    for (size_t i = 0; i < BIGGEST; i++) {
        in[i] = (uint8_t)random_u32(&random);
    }
    for (size_t i = 0; i < 256; i++) {
        pcm[i] = (float)random_between(&random, -8000, 8000) / 32768.0f;
    }
    if (to.json) {
        printf("[");
    }
    for (uint32_t t = 0; facelite_isa_available(t); t++) {
        if (!only || strcmp(only, facelite_isa_available(t)) == 0) {
            bench_tier(&to, facelite_isa_available(t), in, out, pcm);
        }
    }
    if (to.json) {
        printf("\n]\n");
    }
    aligned_free(pcm);
    aligned_free(in);
    aligned_free(out);
    return to.lines > 0 ? 0 : 2;
}
