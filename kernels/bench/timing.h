/* Time on a machine that others share: the fastest of many trials, in core cycles. */
#ifndef FACELITE_BENCH_TIMING_H
#define FACELITE_BENCH_TIMING_H

#include <stdint.h>

/* A counter that is cheap to read and does not follow the core's clock. */
uint64_t ticks(void);

/* Ticks of one core cycle and ns of one tick. Cycles come from a chain of dependent additions, a cycle each, so they
 * follow the clock that the core really has; the fastest of many chains. */
double ticks_per_cycle(void);
double ns_per_tick(void);

/* Ticks between two readings with nothing in between. */
double ticks_overhead(void);

/* Ticks of one call of `work`: the fastest of many trials, each of so many calls that reading the counter is
 * nothing. */
double fastest_ticks(void (*work)(void *), void *argument);

#endif
