/* The benchmarks of operators and of hops. */
#ifndef FACELITE_BENCH_H
#define FACELITE_BENCH_H

#include <stddef.h>

#include "report.h"

/* Every operator of `tier` by itself, over the shapes of the shipped students. Its weights stay in the nearest cache
 * that holds them. */
void bench_ops(report *to, const char *tier);

/* One hop of the student in `blob`, operator by operator and whole, on `tier`: its weights come from the cache level
 * that holds all of them. Then 64 characters together, one's share. Exits on a bad blob. */
void bench_hop(report *to, const char *tier, const void *blob, size_t blob_bytes);

/* [--json] [--isa NAME] [student.facelite]: on every tier of this CPU, what each operator costs by itself, or what it
 * costs in a hop of the student named, and the hop as a whole: ns, cycles, multiply-accumulates a cycle, and per cent of
 * the peak that this machine was measured to have. Returns an exit status. */
int bench_main(int argc, char **argv);

#endif
