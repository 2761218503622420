/* Times of a student's hop in every way that facelite_profile measures it. */
#ifndef FACELITE_TOOLS_MEASURE_H
#define FACELITE_TOOLS_MEASURE_H

#include "tool.h"

/* A student and what it hears. */
typedef struct subject {
    facelite_info info;
    const facelite_model *model;
    const int16_t *pcm; /* [hops][info.hop] */
    size_t hops;
    block blob, memory, recording;
} subject;

/* Of `count` times in ns; percentiles by nearest rank. All 0 when nothing was measured. */
typedef struct times {
    size_t count;
    double min, p50, p99, max, mean;
} times;

subject open_subject(const char *student, const char *recording);
void close_subject(subject *of);

times measure_warm(const subject *of, size_t hops);

/* Every hop after all of `other` was written. */
times measure_cold(const subject *of, size_t hops, block *other);
times measure_paced(const subject *of, size_t hops);

/* Steps of `characters` together, on as many threads at once; of every step of every thread. One thread is this one. */
times measure_crowds(const subject *of, size_t threads, size_t characters, size_t steps);

/* times [info.ops]. */
block measure_layers(const subject *of, size_t hops);

/* Bytes of stack that a whole clip takes, init to flush; 0 where it cannot be told. */
size_t measure_stack(const subject *of);

/* ns between two readings of the clock with nothing in between. */
double measure_clock(void);

#endif
