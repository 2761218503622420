/* K32GetProcessMemoryInfo is kernel32's, so that no other library is linked. */
#define PSAPI_VERSION 2
#include <windows.h>
/* after windows.h */
#include <psapi.h>
#include <stdlib.h>

#include "machine.h"

enum { MOST_THREADS = MAXIMUM_WAIT_OBJECTS };

typedef struct job {
    void (*work)(void *);
    void *argument;
} job;

uint64_t machine_now(void) {
    LARGE_INTEGER count, frequency;
    QueryPerformanceCounter(&count);
    QueryPerformanceFrequency(&frequency);
    const uint64_t whole = (uint64_t)(count.QuadPart / frequency.QuadPart);
    const uint64_t rest = (uint64_t)(count.QuadPart % frequency.QuadPart);
    return whole * 1000000000u + rest * 1000000000u / (uint64_t)frequency.QuadPart;
}

void machine_sleep_until(uint64_t moment) {
    for (uint64_t now = machine_now(); now < moment; now = machine_now()) {
        Sleep((DWORD)((moment - now) / 1000000u) + 1);
    }
}

size_t machine_peak_memory(void) {
    PROCESS_MEMORY_COUNTERS counters = {.cb = sizeof counters};
    return K32GetProcessMemoryInfo(GetCurrentProcess(), &counters, sizeof counters) ? counters.PeakWorkingSetSize : 0;
}

static DWORD WINAPI start(void *given) {
    const job *one = given;
    one->work(one->argument);
    return 0;
}

size_t machine_run_threads(size_t count, void (*work)(void *), void *const *arguments) {
    HANDLE threads[MOST_THREADS];
    job jobs[MOST_THREADS];
    size_t running = 0;
    while (running < count && running < MOST_THREADS) {
        jobs[running] = (job){work, arguments[running]};
        threads[running] = CreateThread(NULL, 0, start, &jobs[running], 0, NULL);
        if (threads[running] == NULL) {
            break;
        }
        running++;
    }
    for (size_t i = 0; i < running; i++) {
        WaitForSingleObject(threads[i], INFINITE);
        CloseHandle(threads[i]);
    }
    return running;
}

/* Windows gives a thread no stack of ours to paint. */
size_t machine_stack_used(void (*work)(void *), void *argument) {
    (void)work, (void)argument;
    return 0;
}
