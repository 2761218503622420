#include "npz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A part of the file that is known to be inside it. */
typedef struct view {
    const uint8_t *bytes;
    size_t length;
} view;

static uint32_t le16(const uint8_t *at) {
    return (uint32_t)at[0] | (uint32_t)at[1] << 8;
}

static uint32_t le32(const uint8_t *at) {
    return le16(at) | le16(at + 2) << 16;
}

/* The `length` bytes at `offset`; bytes is null when they are not all there. */
static view part(view whole, size_t offset, size_t length) {
    if (offset > whole.length || length > whole.length - offset) {
        return (view){NULL, 0};
    }
    return (view){whole.bytes + offset, length};
}

/* End of central directory: its fixed 22 bytes are the last ones of an archive without a comment. */
static view directory(view file, size_t *entries) {
    const view end = file.length < 22 ? (view){NULL, 0} : part(file, file.length - 22, 22);
    if (end.bytes == NULL || le32(end.bytes) != 0x06054b50u) {
        return (view){NULL, 0};
    }
    *entries = le16(end.bytes + 10);
    return part(file, le32(end.bytes + 16), le32(end.bytes + 12));
}

/* The bytes of a stored file, found through its entry in the directory. */
static const char *stored(view file, const uint8_t *entry, view *found) {
    if (le16(entry + 10) != 0) {
        return "an array is compressed";
    }
    const size_t offset = le32(entry + 42);
    const view local = part(file, offset, 30);
    if (local.bytes == NULL || le32(local.bytes) != 0x04034b50u) {
        return "the archive is damaged";
    }
    *found = part(file, offset + 30 + le16(local.bytes + 26) + le16(local.bytes + 28), le32(entry + 24));
    return found->bytes == NULL ? "the archive is cut short" : NULL;
}

static const char *find_file(view file, const char *name, view *found) {
    size_t entries = 0, at = 0;
    const view all = directory(file, &entries);
    for (size_t i = 0; i < entries; i++) {
        const view entry = part(all, at, 46);
        if (entry.bytes == NULL || le32(entry.bytes) != 0x02014b50u) {
            break;
        }
        const size_t length = le16(entry.bytes + 28);
        const view own = part(all, at + 46, length);
        if (own.bytes != NULL && length == strlen(name) + 4 && memcmp(own.bytes, name, length - 4) == 0 &&
            memcmp(own.bytes + length - 4, ".npy", 4) == 0) {
            return stored(file, entry.bytes, found);
        }
        at += 46 + length + le16(entry.bytes + 30) + le16(entry.bytes + 32);
    }
    return all.bytes == NULL ? "it is no archive" : "an array is missing";
}

/* "'shape': (4, 27), " -> rank and sizes. */
static const char *read_shape(const char *text, npz_array *array) {
    array->rank = 0;
    array->count = 1;
    while (*text != '\0' && *text != ')') {
        char *end = NULL;
        const unsigned long size = strtoul(text, &end, 10);
        if (end != text) {
            if (array->rank == NPZ_RANK || size > UINT32_MAX || (size && array->count > UINT32_MAX / size)) {
                return "an array is too large";
            }
            array->shape[array->rank++] = size;
            array->count *= size;
        }
        text = end + strspn(end, ", ");
        if (end == text && *text != ')') {
            return "an array's shape cannot be read";
        }
    }
    return NULL;
}

/* "{'descr': '<i2', 'fortran_order': False, 'shape': (48000,), }" */
static const char *read_header(const char *header, npz_array *array) {
    const char *type = strstr(header, "'descr': '"), *shape = strstr(header, "'shape': (");
    if (type == NULL || shape == NULL || strstr(header, "'fortran_order': False") == NULL ||
        sscanf(type, "'descr': '%7[^']'", array->type) != 1 || strlen(array->type) < 3) {
        return "an array's header cannot be read";
    }
    const size_t size = strtoul(array->type + 2, NULL, 10);
    array->item_bytes = array->type[1] == 'U' ? 4 * size : size;
    if (array->type[0] == '>' || size == 0 || size > 1024) {
        return "an array has a type that is not read here";
    }
    return read_shape(shape + strlen("'shape': ("), array);
}

const char *npz_find(const uint8_t *file, size_t length, const char *name, npz_array *found) {
    char header[256] = {0};
    view npy = {NULL, 0};
    const char *problem = find_file((view){file, length}, name, &npy);
    if (problem != NULL) {
        return problem;
    }
    if (npy.length < 10 || memcmp(npy.bytes, "\x93NUMPY\x01", 7) != 0) {
        return "an array is not in NumPy's format 1";
    }
    const size_t header_bytes = le16(npy.bytes + 8);
    const view text = part(npy, 10, header_bytes);
    if (text.bytes == NULL || header_bytes >= sizeof header) {
        return "an array's header cannot be read";
    }
    memcpy(header, text.bytes, header_bytes);
    problem = read_header(header, found);
    if (problem != NULL) {
        return problem;
    }
    if ((uint64_t)found->count * found->item_bytes > npy.length) {
        return "an array is cut short";
    }
    const view values = part(npy, 10 + header_bytes, found->count * found->item_bytes);
    found->bytes = values.bytes;
    return values.bytes == NULL ? "an array is cut short" : NULL;
}

char *npz_text(const npz_array *array, size_t index, char *text, size_t room) {
    const uint8_t *from = array->bytes + index * array->item_bytes;
    size_t written = 0;
    for (size_t i = 0; i + 3 < array->item_bytes && written + 1 < room && from[i] != 0; i += 4) {
        text[written++] = (char)(from[i] < 127 && from[i + 1] == 0 ? from[i] : '?');
    }
    text[written] = '\0';
    return text;
}
