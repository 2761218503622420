/* One hop of a student: new input codes in, one frame of output codes out. */
#ifndef FACELITE_ENGINE_H
#define FACELITE_ENGINE_H

#include "facelite/facelite_debug.h"
#include "model.h"

/* Hears the info.hop biased codes that wait in `state` and moves its histories on. Returns the new output frame,
 * [info.controls] biased codes inside `scratch`. `observer` may be null. */
const uint8_t *facelite_engine_hop(const facelite_model *model, uint8_t *state, uint8_t *scratch,
                                   facelite_observer observer, void *user);

#endif
