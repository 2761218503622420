/* Reads arrays out of an .npz file in memory: a ZIP archive of .npy files that are stored, not compressed. Trusts
 * nothing: every length is held against the file. https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 * and PKWARE's APPNOTE 4.3. */
#ifndef FACELITE_TOOLS_NPZ_H
#define FACELITE_TOOLS_NPZ_H

#include <stddef.h>
#include <stdint.h>

#define NPZ_RANK 4

/* An array in C order, little-endian. */
typedef struct npz_array {
    const uint8_t *bytes; /* inside the file, not aligned */
    char type[8];         /* NumPy's: "|i1", "<i2", "<f4", "<u4", "<U12" */
    size_t item_bytes;    /* of one element */
    size_t rank;
    size_t shape[NPZ_RANK];
    size_t count; /* elements */
} npz_array;

/* Finds array `name` (without ".npy"). Returns null, or what is wrong with the file in a few words. */
const char *npz_find(const uint8_t *file, size_t length, const char *name, npz_array *found);

/* Element `index` of an array of text as ASCII, cut to `room` bytes with the 0 at its end; returns `text`. */
char *npz_text(const npz_array *array, size_t index, char *text, size_t room);

#endif
