#include "peak.h"

#include <string.h>

#include "synthetic.h"
#include "timing.h"

#if defined(FACELITE_X86) && defined(__GNUC__)
extern const peak_loops peak_sse41, peak_avx2, peak_avxvnni, peak_avx512vnni;
#elif defined(FACELITE_ARM64) && defined(__GNUC__)
extern const peak_loops peak_neon, peak_neon_dotprod;
#endif

const peak_loops *peak_loops_of(const char *tier) {
    static const struct {
        const char *tier;
        const peak_loops *loops;
    } known[] = {
        {"ref", NULL},
#if defined(FACELITE_X86) && defined(__GNUC__)
        {"sse41", &peak_sse41},
        {"avx2", &peak_avx2},
#if defined(FACELITE_AVXVNNI)
        {"avxvnni", &peak_avxvnni},
#endif
        {"avx512vnni", &peak_avx512vnni},
#elif defined(FACELITE_ARM64) && defined(__GNUC__)
        {"neon", &peak_neon},
        {"neon_dotprod", &peak_neon_dotprod},
#endif
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (strcmp(known[i].tier, tier) == 0) {
            return known[i].loops;
        }
    }
    return NULL;
}

typedef struct job {
    const peak_loops *loops;
    const uint8_t *weights;
    size_t bytes;
    double macs;
} job;

static void run_resident(void *argument) {
    job *j = argument;
    j->macs = j->loops->resident(100);
}

static void run_stream(void *argument) {
    job *j = argument;
    j->macs = j->loops->stream(j->weights, j->bytes);
}

double peak_resident(const char *tier) {
    job j = {.loops = peak_loops_of(tier)};
    if (j.loops == NULL) {
        return 0.0;
    }
    const double taken = fastest_ticks(run_resident, &j);
    return j.macs * ticks_per_cycle() / taken;
}

double peak_stream(const char *tier, size_t bytes) {
    job j = {.loops = peak_loops_of(tier), .bytes = bytes};
    if (j.loops == NULL) {
        return 0.0;
    }
    uint8_t *weights = aligned_zeroed(bytes);
    j.weights = weights;
    const double taken = fastest_ticks(run_stream, &j);
    aligned_free(weights);
    return j.macs * ticks_per_cycle() / taken;
}
