/* Holds a student against its bundle's golden.npz: on a device, without Python. */
#ifndef FACELITE_TOOLS_GOLDEN_H
#define FACELITE_TOOLS_GOLDEN_H

#include <stddef.h>

#include "player.h"

/* Plays every golden window hop by hop and compares each operator's checksum, then the output's codes and values; then
 * pushes the golden recording and compares every frame. All of it is compared bit by bit.
 *
 * Returns 1 and prints one line of JSON on stdout when all is equal. Returns 0 and prints a line on stderr that names what
 * differs first: the earliest operator that differs on any window, or else the output, or the frame and control.
 * `name` is what messages call the file; one that is damaged, or another student's, ends the program with status 2. */
int golden_check(player *p, const void *file, size_t length, const char *name);

#endif
