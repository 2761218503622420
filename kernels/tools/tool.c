#include "tool.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

_Noreturn void fail(const char *what, const char *problem) {
    fprintf(stderr, "facelite: %s: %s\n", what, problem);
    exit(2);
}

void check(facelite_status status, const char *what) {
    if (status != FACELITE_OK) {
        fail(what, facelite_strerror(status));
    }
}

block make_block(size_t length) {
    block made = {calloc(length + FACELITE_ALIGNMENT, 1), NULL, length};
    if (made.base == NULL) {
        fail("memory", "there is not enough");
    }
    made.bytes = (char *)made.base + (FACELITE_ALIGNMENT - (uintptr_t)made.base % FACELITE_ALIGNMENT);
    return made;
}

void free_block(block *one) {
    free(one->base);
    *one = (block){0};
}

block read_file(const char *path) {
    FILE *file = fopen(path, "rb");
    if (file == NULL || fseek(file, 0, SEEK_END) != 0) {
        fail(path, "cannot be opened");
    }
    const long length = ftell(file);
    if (length < 0) {
        fail(path, "cannot be measured");
    }
    rewind(file);
    block found = make_block((size_t)length);
    if (fread(found.bytes, 1, found.length, file) != found.length) {
        fail(path, "cannot be read");
    }
    fclose(file);
    return found;
}

void write_file(const char *path, const void *bytes, size_t length, const char *mode) {
    FILE *file = fopen(path, mode);
    if (file == NULL || fwrite(bytes, 1, length, file) != length || fclose(file) != 0) {
        fail(path, "cannot be written");
    }
}

size_t whole_number(const char *option, const char *text) {
    char *end = NULL;
    const long value = strtol(text, &end, 10);
    if (value < 0 || value > INT32_MAX || end == text || *end != '\0') {
        fail(option, "wants a whole number");
    }
    return (size_t)value;
}
