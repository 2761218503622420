/* One hop of a student: new input codes in, one frame of output codes out. */
#ifndef FACELITE_ENGINE_H
#define FACELITE_ENGINE_H

#include "facelite/facelite_debug.h"
#include "model.h"

/* Hears the info.hop biased codes that wait in `state` and moves its histories on. Returns the new output frame,
 * [info.controls] biased codes inside `scratch`. `observer` may be null. */
const uint8_t *facelite_engine_hop(const facelite_model *model, uint8_t *state, uint8_t *scratch,
                                   facelite_observer observer, void *user);

/* Bytes of scratch for facelite_engine_hops of `count` characters. */
size_t facelite_engine_crowd_bytes(const facelite_model *model, size_t count);

/* As facelite_engine_hop for `count` characters, with the same results: each convolution of few rows reads its weights
 * once for all of them. frames: [count], output frames inside `scratch`. */
void facelite_engine_hops(const facelite_model *model, uint8_t *const *states, size_t count, uint8_t *scratch,
                          const uint8_t **frames);

#endif
