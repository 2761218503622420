/* What a tier could do at best on this machine, measured: two ends of a roofline. */
#ifndef FACELITE_BENCH_PEAK_H
#define FACELITE_BENCH_PEAK_H

#include <stddef.h>
#include <stdint.h>

/* One file a tier. Both return the multiply-accumulates they did. */
typedef struct peak_loops {
    /* Inputs, weights and sums all in registers; as many sums as hide the latency. */
    double (*resident)(size_t repeats);
    /* A matrix by one vector: weights [bytes] read once from wherever they are, inputs and sums in registers. */
    double (*stream)(const uint8_t *weights, size_t bytes);
} peak_loops;

/* The loops of a tier; null for `ref`, which is there to be right. */
const peak_loops *peak_loops_of(const char *tier);

/* MACs a cycle with everything in registers; 0 for a tier without loops. */
double peak_resident(const char *tier);

/* MACs a cycle of a matrix of `bytes` weights by a vector, time and again: the rate of the cache level that holds
 * them. 0 for a tier without loops. */
double peak_stream(const char *tier, size_t bytes);

#endif
