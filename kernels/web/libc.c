/* What the library uses of the C library, so that its WebAssembly module imports nothing. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* One instruction each with -mbulk-memory. */
void *memcpy(void *restrict to, const void *restrict from, size_t count) {
    return __builtin_memcpy(to, from, count);
}

void *memmove(void *to, const void *from, size_t count) {
    return __builtin_memmove(to, from, count);
}

void *memset(void *at, int value, size_t count) {
    return __builtin_memset(at, value, count);
}

int memcmp(const void *one, const void *other, size_t count) {
    const unsigned char *a = one, *b = other;
    for (size_t i = 0; i < count; i++) {
        if (a[i] != b[i]) {
            return a[i] < b[i] ? -1 : 1;
        }
    }
    return 0;
}

size_t strlen(const char *text) {
    size_t length = 0;
    while (text[length]) {
        length++;
    }
    return length;
}

int strcmp(const char *one, const char *other) {
    while (*one && *one == *other) {
        one++;
        other++;
    }
    return (unsigned char)*one - (unsigned char)*other;
}

/* A page has no environment; facelite_isa_force is there for the same. */
char *getenv(const char *name) {
    (void)name;
    return NULL;
}
