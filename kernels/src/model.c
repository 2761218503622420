#include "model.h"

#include <string.h>

#include "compander.h"
#include "dispatch.h"
#include "engine.h"
#include "plan.h"

facelite_status facelite_inspect(const void *blob, size_t blob_bytes, facelite_info *info) {
    facelite_blob opened;
    if (info == NULL) {
        return FACELITE_E_ARGUMENT;
    }
    const facelite_status status = facelite_blob_open(&opened, blob, blob_bytes);
    return status == FACELITE_OK ? facelite_plan_info(&opened, info) : status;
}

/* Silence until no history remembers anything else. rest: the frame that comes of it. */
static void prime(const facelite_model *model, uint8_t *state, uint8_t *rest, uint8_t *scratch) {
    const uint32_t hops = model->info.receptive_field / model->info.hop + 2;
    memset(state, 128, model->state_bytes);
    memset(scratch, 128, model->info.scratch_bytes);
    for (uint32_t i = 0; i < hops; i++) {
        memcpy(rest, facelite_engine_hop(model, state, scratch, NULL, NULL), model->info.controls);
    }
}

/* Fills the memory behind the model: [tensors][operators][primed state, rest][scratch, for priming only]. */
static void lay_out(facelite_model *model) {
    const size_t ops = model->info.ops;
    facelite_tensor_plan *tensors = (void *)((uint8_t *)model + facelite_align(sizeof *model));
    facelite_op_plan *plan = (void *)((uint8_t *)tensors + facelite_align((ops + 1) * sizeof *tensors));
    uint8_t *state = (uint8_t *)plan + facelite_align(ops * sizeof *plan);
    const facelite_tensor_record output = facelite_blob_tensor(&model->blob, model->info.ops);
    model->out_scale = output.scale;
    model->out_zero_point = output.zero_point + 128;
    facelite_compander_build(&model->compander, &model->blob);
    facelite_plan_model(model, tensors, plan);
    uint8_t *rest = state + model->state_bytes;
    prime(model, state, rest, state + facelite_align(model->state_bytes + model->info.controls));
    model->primed = state;
    model->rest = rest;
}

facelite_status facelite_model_init(void *memory, size_t memory_bytes, const void *blob, size_t blob_bytes,
                                    const facelite_model **out) {
    if (memory == NULL || out == NULL) {
        return FACELITE_E_ARGUMENT;
    }
    facelite_blob opened;
    facelite_info info;
    facelite_status status = facelite_blob_open(&opened, blob, blob_bytes);
    if (status == FACELITE_OK) {
        status = facelite_plan_info(&opened, &info);
    }
    if (status != FACELITE_OK) {
        return status;
    }
    if (memory_bytes < info.model_bytes || (uintptr_t)memory % FACELITE_ALIGNMENT != 0) {
        return FACELITE_E_MEMORY;
    }
    facelite_model *model = memory;
    memset(model, 0, sizeof *model);
    model->blob = opened;
    model->info = info;
    model->isa = facelite_dispatch(&model->ops);
    if (model->isa == NULL) {
        return FACELITE_E_ISA;
    }
    lay_out(model);
    *out = model;
    return FACELITE_OK;
}

facelite_status facelite_model_info(const facelite_model *model, facelite_info *info) {
    if (model == NULL || info == NULL) {
        return FACELITE_E_ARGUMENT;
    }
    *info = model->info;
    return FACELITE_OK;
}

const char *facelite_control_name(const facelite_model *model, uint32_t index) {
    if (model == NULL || index >= model->info.controls) {
        return NULL;
    }
    const char *name = (const char *)model->blob.bytes + model->blob.header.names_offset;
    while (index-- > 0) {
        name += strlen(name) + 1;
    }
    return name;
}

const char *facelite_model_isa(const facelite_model *model) {
    return model ? model->isa : NULL;
}
