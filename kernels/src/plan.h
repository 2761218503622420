/* Sizes and places, computed the same way for facelite_inspect and for facelite_model_init. */
#ifndef FACELITE_PLAN_H
#define FACELITE_PLAN_H

#include "model.h"

/* Fills `info` from a checked blob; FACELITE_E_CORRUPT when a student would need more than 128 MiB of state or of
 * scratch, or minutes to be primed. */
facelite_status facelite_plan_info(const facelite_blob *blob, facelite_info *info);

/* Fills model->tensors, model->plan and the offsets beside them, given arrays for both. */
void facelite_plan_model(facelite_model *model, facelite_tensor_plan *tensors, facelite_op_plan *plan);

#endif
