#define _POSIX_C_SOURCE 199309L
#include "timing.h"

#include <time.h>

#if defined(_MSC_VER) && defined(_M_X64)
#include <intrin.h>
#elif defined(__x86_64__)
#include <x86intrin.h>
#endif

enum { TRIALS = 301, CHAIN = 10000 };

static uint64_t now_ns(void) {
    struct timespec t;
    timespec_get(&t, TIME_UTC);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

uint64_t ticks(void) {
#if defined(__x86_64__) || defined(_M_X64)
    unsigned processor;
    return __rdtscp(&processor);
#else
    return now_ns();
#endif
}

/* Ticks of CHAIN additions, each waiting for the one before. */
static uint64_t chain(void) {
    uint64_t value = 1;
    const uint64_t start = ticks();
#if defined(__GNUC__)
    for (int i = 0; i < CHAIN / 20; i++) {
#define STEP __asm__ volatile("" : "+r"(value)); value += value;
        STEP STEP STEP STEP STEP STEP STEP STEP STEP STEP
        STEP STEP STEP STEP STEP STEP STEP STEP STEP STEP
#undef STEP
    }
    __asm__ volatile("" : : "r"(value));
#else
    for (volatile int i = 0; i < CHAIN / 5; i++) { /* a load, an addition and a store: about five cycles */
    }
    (void)value;
#endif
    return ticks() - start;
}

double ticks_per_cycle(void) {
    uint64_t best = UINT64_MAX;
    for (int trial = 0; trial < TRIALS; trial++) {
        const uint64_t taken = chain();
        best = taken < best ? taken : best;
    }
    return (double)best / CHAIN;
}

double ns_per_tick(void) {
    const uint64_t from_ns = now_ns(), from = ticks();
    uint64_t to_ns = from_ns;
    while (to_ns - from_ns < 20000000u) {
        to_ns = now_ns();
    }
    return (double)(to_ns - from_ns) / (double)(ticks() - from);
}

double ticks_overhead(void) {
    uint64_t best = UINT64_MAX;
    for (int trial = 0; trial < TRIALS; trial++) {
        const uint64_t start = ticks(), taken = ticks() - start;
        best = taken < best ? taken : best;
    }
    return (double)best;
}

double fastest_ticks(void (*work)(void *), void *argument) {
    const double enough = 40000.0; /* some 10 us */
    work(argument);
    uint64_t start = ticks();
    work(argument);
    const int repeats = (int)(enough / ((double)(ticks() - start) + 1.0)) + 1;
    double best = 1e30;
    for (int trial = 0; trial < TRIALS; trial++) {
        start = ticks();
        for (int i = 0; i < repeats; i++) {
            work(argument);
        }
        const double taken = (double)(ticks() - start) / repeats;
        best = taken < best ? taken : best;
    }
    return best;
}
