#define _DEFAULT_SOURCE /* MAP_ANONYMOUS */
#define _DARWIN_C_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>

#include "machine.h"

enum { STACK_BYTES = 1 << 20, PAINT = 0xA5 };

typedef struct job {
    void (*work)(void *);
    void *argument;
    const unsigned char *entered; /* somewhere in the frame that calls work */
} job;

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

#if defined(__linux__)
/* ru_maxrss outlives exec: it would be the parent's, if that was larger. */
static size_t peak_since_exec(void) {
    FILE *status = fopen("/proc/self/status", "r");
    unsigned long long kib = 0;
    char line[128];
    while (status && kib == 0 && fgets(line, sizeof line, status)) {
        if (sscanf(line, "VmHWM: %llu kB", &kib) != 1) {
            kib = 0;
        }
    }
    if (status) {
        fclose(status);
    }
    return (size_t)kib * 1024;
}
#else
static size_t peak_since_exec(void) {
    return 0;
}
#endif

size_t machine_peak_memory(void) {
    struct rusage usage;
    const size_t peak = peak_since_exec();
    if (peak > 0) {
        return peak;
    }
    if (getrusage(RUSAGE_SELF, &usage) != 0) {
        return 0;
    }
#if defined(__APPLE__)
    return (size_t)usage.ru_maxrss;
#else
    return (size_t)usage.ru_maxrss * 1024;
#endif
}

static void *start(void *given) {
    job *one = given;
    unsigned char here = 0;
    one->entered = &here;
    one->work(one->argument);
    return NULL;
}

size_t machine_run_threads(size_t count, void (*work)(void *), void *const *arguments) {
    pthread_t *threads = malloc(count * sizeof *threads);
    job *jobs = malloc(count * sizeof *jobs);
    size_t running = 0;
    while (threads && jobs && running < count) {
        jobs[running] = (job){work, arguments[running], NULL};
        if (pthread_create(&threads[running], NULL, start, &jobs[running]) != 0) {
            break;
        }
        running++;
    }
    for (size_t i = 0; i < running; i++) {
        pthread_join(threads[i], NULL);
    }
    free(jobs);
    free(threads);
    return running;
}

/* Paint is looked for from the far end: what lies above the lowest byte that changed was in use. */
size_t machine_stack_used(void (*work)(void *), void *argument) {
    unsigned char *stack = mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (stack == MAP_FAILED) {
        return 0;
    }
    memset(stack, PAINT, STACK_BYTES);
    job one = {work, argument, NULL};
    pthread_attr_t attributes;
    pthread_t thread;
    size_t used = 0;
    pthread_attr_init(&attributes);
    if (pthread_attr_setstack(&attributes, stack, STACK_BYTES) == 0 &&
        pthread_create(&thread, &attributes, start, &one) == 0) {
        pthread_join(thread, NULL);
        size_t lowest = 0;
        while (lowest < STACK_BYTES && stack[lowest] == PAINT) {
            lowest++;
        }
        used = (size_t)(one.entered - stack) - lowest;
    }
    pthread_attr_destroy(&attributes);
    munmap(stack, STACK_BYTES);
    return used;
}
