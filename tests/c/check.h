/* The few lines a C test needs: CHECK counts and prints failures, finish() turns them into an exit code. */
#ifndef FACELITE_CHECK_H
#define FACELITE_CHECK_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

extern int check_failures;

#define CHECK(condition, ...)                                             \
    do {                                                                  \
        if (!(condition) && check_failures++ < 20) {                      \
            fprintf(stderr, "%s:%d: %s: ", __FILE__, __LINE__, #condition); \
            fprintf(stderr, __VA_ARGS__);                                 \
            fputc('\n', stderr);                                          \
        }                                                                 \
    } while (0)

/* 0 when every check held. */
int finish(const char *name);

/* A file of tests/c/data, in memory aligned to FACELITE_ALIGNMENT and exactly as long as the file. */
typedef struct file {
    void *bytes;
    size_t length;
} file;

file read_data(const char *name);

#endif
