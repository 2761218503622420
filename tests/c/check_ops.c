/* Every slot of every tier against ref, over sizes and values chosen to break it, with guard bytes around the
 * output. With --bench, and what bench_main takes after it, every tier is timed once all of them are right. */
#include <fenv.h>
#include <float.h>
#include <math.h>

#include "bench/bench.h"
#include "bench/synthetic.h"
#include "check.h"
#include "facelite/facelite.h"
#include "src/dispatch.h"

enum { GUARD = 64, ROOM = 1 << 15 };

static facelite_ops ref, tier;
static const char *tier_name;
static uint8_t *input, *expected, *actual;

/* Buffers full of a canary; outputs begin GUARD bytes in. */
static void arm(void) {
    memset(expected, 0xa5, ROOM);
    memset(actual, 0xa5, ROOM);
}

/* The outputs, the guards and everything else agree. */
static int agree(void) {
    return memcmp(expected, actual, ROOM) == 0;
}

/* What a game may unmask to find its own faults; WebAssembly has no such flags. */
#if defined(FE_INVALID) && defined(FE_DIVBYZERO) && defined(FE_OVERFLOW)
enum { FAULTS = FE_INVALID | FE_DIVBYZERO | FE_OVERFLOW };
#else
enum { FAULTS = 0 };
#endif

/* Since feclearexcept. */
static int raises_nothing(void) {
    return fetestexcept(FAULTS) == 0;
}

typedef enum fill { FILL_RANDOM, FILL_LOW, FILL_HIGH, FILL_ZERO_CODE, FILLS } fill;

static void fill_input(random_source *random, fill kind, size_t bytes) {
    static const uint8_t constant[FILLS] = {0, 0, 255, 128};
    for (size_t i = 0; i < bytes; i++) {
        input[i] = kind == FILL_RANDOM ? (uint8_t)random_u32(random) : constant[kind];
    }
}

static void check_conv(random_source *random, uint32_t inputs, uint32_t channels, size_t rows, weight_kind weights,
                       rescale_kind rescale) {
    synthetic_conv conv = synthetic_conv_make(random, inputs, channels, weights, rescale);
    const size_t row_step = (size_t)random_between(random, 1, (int32_t)inputs + 3);
    for (fill kind = 0; kind < FILLS; kind++) {
        fill_input(random, kind, rows * row_step + inputs + FACELITE_READ_SLACK);
        arm();
        ref.conv(expected + GUARD, input, row_step, rows, &conv.layer);
        feclearexcept(FE_ALL_EXCEPT);
        tier.conv(actual + GUARD, input, row_step, rows, &conv.layer);
        CHECK(agree() && raises_nothing(),
              "%s conv inputs %u channels %u rows %zu weights %d rescale %d fill %d", tier_name, inputs, channels, rows,
              (int)weights, (int)rescale, (int)kind);
    }
    synthetic_conv_free(&conv);
}

static void check_convs(random_source *random) {
    for (weight_kind weights = WEIGHTS_SAFE; weights <= WEIGHTS_NEGATIVE; weights++) {
        for (rescale_kind rescale = RESCALE_TYPICAL; rescale <= RESCALE_FLOATING; rescale++) {
            for (uint32_t channels = 1; channels <= 33; channels++) {
                const uint32_t inputs = (uint32_t)random_between(random, 1, 70);
                check_conv(random, inputs, channels, (size_t)random_between(random, 1, 9), weights, rescale);
            }
            check_conv(random, 160, 32, 32, weights, rescale);
            check_conv(random, 1536, 27, 1, weights, rescale);
            check_conv(random, 288, 96, 2, weights, rescale);
            check_conv(random, 1, 1, 1, weights, rescale);
        }
    }
}

static void check_add(random_source *random) {
    for (int trial = 0; trial < 400; trial++) {
        facelite_add layer = synthetic_add(random);
        const size_t count = (size_t)random_between(random, 1, 100);
        fill_input(random, trial % 4 == 0 ? FILL_HIGH : FILL_RANDOM, 2 * 128 + FACELITE_READ_SLACK);
        if (trial % 3 == 0) { /* the shifts' limits */
            layer.shift[0] = -31;
            layer.out_shift = 0;
            layer.out_multiplier = INT32_MAX;
        }
        arm();
        ref.add(expected + GUARD, input, input + 128, count, &layer);
        tier.add(actual + GUARD, input, input + 128, count, &layer);
        CHECK(agree(), "%s add count %zu trial %d", tier_name, count, trial);
    }
}

/* Whatever the loader takes: docs/blob.md. */
static facelite_mean random_mean(random_source *random, int extreme) {
    facelite_mean layer = {.kernel = (uint32_t)random_between(random, 1, 40),
                           .channels = (uint32_t)random_between(random, 1, 70),
                           .zero_point = random_between(random, 0, 255),
                           .multiplier = random_between(random, 1 << 24, INT32_MAX),
                           .shift = -random_between(random, 0, 8),
                           .out_zero_point = random_between(random, 0, 255)};
    if (extreme) {
        static const int32_t multipliers[] = {0, 1, 1 << 16, INT32_MAX};
        layer.multiplier = multipliers[random_between(random, 0, 3)];
        layer.shift = random_between(random, -31, 30);
        while (layer.shift > 0 && (int64_t)layer.kernel * 255 > (INT32_MAX - 255) >> layer.shift) {
            layer.shift--;
        }
    }
    return layer;
}

static void check_mean_and_map(random_source *random) {
    int8_t table[256];
    for (int trial = 0; trial < 400; trial++) {
        const facelite_mean layer = random_mean(random, trial % 2);
        const size_t count = (size_t)random_between(random, 1, 5);
        fill_input(random, (fill)(trial / 2 % FILLS), (layer.kernel + count) * layer.channels + FACELITE_READ_SLACK);
        arm();
        ref.mean(expected + GUARD, input, count, &layer);
        tier.mean(actual + GUARD, input, count, &layer);
        CHECK(agree(), "%s mean trial %d", tier_name, trial);
        for (int i = 0; i < 256; i++) {
            table[i] = (int8_t)random_between(random, -128, 127);
        }
        const size_t values = (size_t)random_between(random, 1, 300);
        arm();
        ref.map(expected + GUARD, input, values, table);
        tier.map(actual + GUARD, input, values, table);
        CHECK(agree(), "%s map %zu values", tier_name, values);
    }
}

/* The definition, without buckets: the code is the number of thresholds that the magnitude reaches. */
static uint8_t defined_code(const uint32_t *thresholds, int32_t sample) {
    const uint32_t magnitude = (uint32_t)(sample < 0 ? -sample : sample);
    int32_t code = 0;
    while (code < 127 && thresholds[code] <= magnitude) {
        code++;
    }
    return (uint8_t)(128 + (sample < 0 ? -code : code));
}

static void thresholds_of(const facelite_compander *compander, uint32_t *thresholds) {
    size_t found = 0;
    for (size_t bucket = 0; bucket < FACELITE_BUCKETS; bucket++) {
        if (compander->entry[bucket] >> 8 <= 32768) {
            thresholds[found++] = compander->entry[bucket] >> 8;
        }
    }
    CHECK(found == 127, "%zu thresholds", found);
}

static void check_encode_i16(const facelite_compander *compander) {
    static int16_t pcm[65536];
    static uint8_t codes[65536 + 1];
    uint32_t thresholds[127];
    thresholds_of(compander, thresholds);
    for (int32_t s = -32768; s < 32768; s++) {
        pcm[s + 32768] = (int16_t)s;
    }
    tier.encode_i16(codes, pcm, 65536, compander);
    for (int32_t s = -32768; s < 32768; s++) {
        CHECK(codes[s + 32768] == defined_code(thresholds, s), "%s int16 %d", tier_name, s);
    }
    for (size_t samples = 0; samples < 50; samples++) {
        arm();
        ref.encode_i16(expected + GUARD, pcm + 32768 - 25, samples, compander);
        tier.encode_i16(actual + GUARD, pcm + 32768 - 25, samples, compander);
        CHECK(agree(), "%s int16 %zu samples", tier_name, samples);
    }
}

/* int16 by the definition: nearbyint in the default mode is half to even. */
static int32_t defined_int16(float x) {
    if (isnan(x)) {
        return 0;
    }
    const double scaled = nearbyint((double)x * 32768.0);
    return scaled > 32767.0 ? 32767 : scaled < -32768.0 ? -32768 : (int32_t)scaled;
}

/* Every sample, every midpoint between two, and their neighbours; then what is not a sample at all. */
static size_t float_cases(float *pcm) {
    static const float odd[] = {0.0f, -0.0f, 1.0f, -1.0f, 2.0f, -2.0f, FLT_MAX, -FLT_MAX, FLT_MIN, 1e-42f, 65536.0f};
    size_t n = 0;
    for (int32_t s = -65540; s <= 65540; s++) {
        const float x = (float)s / 65536.0f;
        pcm[n++] = x;
        pcm[n++] = nextafterf(x, -2.0f);
        pcm[n++] = nextafterf(x, 2.0f);
    }
    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
        pcm[n++] = odd[i];
    }
    pcm[n++] = INFINITY;
    pcm[n++] = -INFINITY;
    pcm[n++] = NAN;
    pcm[n++] = -NAN;
    return n;
}

static void check_encode_f32(const facelite_compander *compander) {
#if defined(FE_UPWARD) && defined(FE_DOWNWARD) && defined(FE_TOWARDZERO)
    static const int modes[] = {FE_TONEAREST, FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO};
#else /* WebAssembly only rounds to nearest */
    static const int modes[] = {FE_TONEAREST};
#endif
    static float pcm[400000];
    static uint8_t codes[400000];
    uint32_t thresholds[127];
    thresholds_of(compander, thresholds);
    const size_t n = float_cases(pcm);
    for (size_t mode = 0; mode < sizeof modes / sizeof modes[0]; mode++) {
        fesetround(modes[mode]);
        tier.encode_f32(codes, pcm, n, compander);
        fesetround(FE_TONEAREST);
        for (size_t i = 0; i < n; i++) {
            CHECK(codes[i] == defined_code(thresholds, defined_int16(pcm[i])), "%s float %a, rounding mode %zu", tier_name,
                  (double)pcm[i], mode);
        }
    }
    for (size_t samples = 0; samples < 50; samples++) {
        arm();
        ref.encode_f32(expected + GUARD, pcm + n - samples, samples, compander);
        tier.encode_f32(actual + GUARD, pcm + n - samples, samples, compander);
        CHECK(agree(), "%s float %zu samples", tier_name, samples);
    }
}

/* Sums of up to four dot products, rows read from either end: the same bits, whatever the order of magnitude. */
static void check_filter(random_source *random) {
    float x[200 + 8], rows[200];
    for (int trial = 0; trial < 400; trial++) {
        const uint32_t taps = 8 * (uint32_t)random_between(random, 1, 25), count = (uint32_t)random_between(random, 1, 4);
        facelite_dot dots[4];
        float truth[5] = {0}, sums[5] = {0};
        for (size_t i = 0; i < sizeof x / sizeof x[0]; i++) {
            x[i] = (float)random_between(random, -32768, 32767) / 32768.0f;
        }
        for (size_t i = 0; i < taps; i++) {
            rows[i] = ldexpf((float)random_between(random, -1000000, 1000000), random_between(random, -40, -20));
        }
        for (uint32_t i = 0; i < count; i++) {
            dots[i] = (facelite_dot){x + random_between(random, 0, 8), rows, random_between(random, 0, 1)};
        }
        ref.filter(truth, dots, count, taps);
        tier.filter(sums, dots, count, taps);
        CHECK(memcmp(truth, sums, sizeof sums) == 0, "%s filter count %u taps %u", tier_name, count, taps);
    }
}

/* Everything that `tier` can do. */
static void check_tier(const char *name, uint64_t seed, const facelite_compander *compander) {
    random_source random = {UINT64_C(0x9e3779b97f4a7c15) + seed};
    tier_name = name;
    check_convs(&random);
    check_add(&random);
    check_mean_and_map(&random);
    check_filter(&random);
    check_encode_i16(compander);
    check_encode_f32(compander);
    fprintf(stderr, "%s\n", name);
}

/* The avxvnni tier on a CPU that has the EVEX form of its instruction only (kernels/bench/CMakeLists.txt). */
static void check_twin(const facelite_compander *compander) {
#if defined(FACELITE_AVXVNNI_TWIN)
    if (facelite_isa_force("avxvnni") != FACELITE_OK && facelite_isa_force("avx512vnni") == FACELITE_OK) {
        CHECK(facelite_isa_force("avx2") == FACELITE_OK && facelite_dispatch(&tier) != NULL, "avx2");
        facelite_overlay_avxvnni_twin(&tier);
        check_tier("avxvnni, EVEX-encoded", 100, compander);
    }
#else
    (void)compander;
#endif
}

static int bench(int argc, char **argv) {
#if defined(FACELITE_BENCH)
    facelite_isa_force(NULL);
    return bench_main(argc, argv);
#else
    (void)argc, (void)argv;
    fputs("built without the benchmark (FACELITE_BENCH)\n", stderr);
    return 2;
#endif
}

int main(int argc, char **argv) {
    facelite_compander compander;
    synthetic_compander(&compander);
    input = aligned_zeroed(ROOM);
    expected = aligned_zeroed(ROOM);
    actual = aligned_zeroed(ROOM);
    facelite_overlay_ref(&ref);
    for (uint32_t t = 0; facelite_isa_available(t); t++) {
        const char *name = facelite_isa_available(t);
        CHECK(facelite_isa_force(name) == FACELITE_OK, "%s", name);
        CHECK(facelite_dispatch(&tier) != NULL, "%s", name);
        check_tier(name, t, &compander);
    }
    check_twin(&compander);
    aligned_free(input);
    aligned_free(expected);
    aligned_free(actual);
    const int timed = argc > 1 && strcmp(argv[1], "--bench") == 0;
    return check_failures == 0 && timed ? bench(argc - 1, argv + 1) : finish("ops");
}
