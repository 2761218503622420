#define _POSIX_C_SOURCE 200809L
#include <time.h>

#include "machine.h"

uint64_t machine_now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

void machine_sleep_until(uint64_t moment) {
    for (uint64_t now = machine_now(); now < moment; now = machine_now()) {
        const uint64_t left = moment - now;
        const struct timespec t = {(time_t)(left / 1000000000u), (long)(left % 1000000000u)};
        nanosleep(&t, NULL);
    }
}

size_t machine_peak_memory(void) {
    return (size_t)__builtin_wasm_memory_size(0) * 65536;
}

size_t machine_run_threads(size_t count, void (*work)(void *), void *const *arguments) {
    (void)count, (void)work, (void)arguments;
    return 0;
}

/* The engine's own stack cannot be seen from inside. */
size_t machine_stack_used(void (*work)(void *), void *argument) {
    (void)work, (void)argument;
    return 0;
}
