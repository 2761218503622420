/* The frames that a stream has made: kept as codes, smoothed, faded in from another pose, sampled at any time. */
#ifndef FACELITE_FACE_H
#define FACELITE_FACE_H

#include "stream.h"

/* Forgets all frames; those of the next clip leave from the stream's pose over `fade` seconds (0: no pose). */
void facelite_face_restart(facelite_stream *stream, double fade);

/* Takes the next unsmoothed frame, biased codes; returns how many frames it stored, 0 or 1. */
size_t facelite_face_add(facelite_stream *stream, const uint8_t *codes, float *frame);

/* Stores the frame that waits for a neighbour on its right, which never comes. Only when smoothing. */
void facelite_face_finish(facelite_stream *stream, float *frame);

/* The face at `seconds` of the clock, not NaN. `face` may be the stream's own pose. */
void facelite_face_at(const facelite_stream *stream, double seconds, float *face);

#endif
