/* What the tools ask of an operating system: a clock, sleep, threads, memory, stack. One file a system; what one cannot
 * tell is 0. */
#ifndef FACELITE_TOOLS_MACHINE_H
#define FACELITE_TOOLS_MACHINE_H

#include <stddef.h>
#include <stdint.h>

/* Nanoseconds of a clock that only goes forward. */
uint64_t machine_now(void);

/* Returns at `moment` of that clock or some time after. */
void machine_sleep_until(uint64_t moment);

/* Most bytes of memory that this process has had resident at once. */
size_t machine_peak_memory(void);

/* Runs work(arguments[i]) for each of `count` in a thread of its own, all at the same time, and waits for them.
 * Returns how many ran: `count`, or 0 where there are no threads. */
size_t machine_run_threads(size_t count, void (*work)(void *), void *const *arguments);

/* Runs work(argument) on a stack of its own and returns the bytes of it that were written. */
size_t machine_stack_used(void (*work)(void *), void *argument);

#endif
