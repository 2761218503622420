#include "engine.h"

#include <string.h>

static void gather(uint8_t *rows, const uint8_t *first, const facelite_op_plan *op) {
    for (uint32_t j = 0; j < op->count; j++) {
        uint8_t *row = rows + j * op->row_step;
        const uint8_t *tap = first + j * op->frame_step;
        for (uint32_t k = 0; k < op->taps; k++) {
            memcpy(row + k * op->tap_bytes, tap + k * op->tap_step, op->tap_bytes);
        }
    }
}

static void run(const facelite_model *model, const facelite_op_plan *op, uint8_t *scratch) {
    const facelite_ops *ops = &model->ops;
    const uint8_t *first = scratch + op->first[0];
    uint8_t *out = scratch + op->out;
    switch (op->kind) {
    case FACELITE_CONV:
        if (op->taps) {
            uint8_t *rows = scratch + model->gather_offset;
            gather(rows, first, op);
            first = rows;
        }
        ops->conv(out, first, op->row_step, op->count, &op->u.conv);
        break;
    case FACELITE_ADD: ops->add(out, first, scratch + op->first[1], op->values, &op->u.add); break;
    case FACELITE_MEAN: ops->mean(out, first, op->count, &op->u.mean); break;
    default: ops->map(out, first, op->values, op->u.table); break;
    }
}

const uint8_t *facelite_engine_hop(const facelite_model *model, uint8_t *state, uint8_t *scratch,
                                   facelite_observer observer, void *user) {
    const facelite_tensor_plan *tensors = model->tensors;
    const uint32_t ops = model->info.ops;
    for (uint32_t i = 0; i <= ops; i++) {
        memcpy(scratch + tensors[i].scratch_offset, state + tensors[i].state_offset, tensors[i].history_bytes);
    }
    memcpy(scratch + tensors[0].scratch_offset + tensors[0].history_bytes, state, model->info.hop);
    for (uint32_t i = 0; i < ops; i++) {
        run(model, &model->plan[i], scratch);
        if (observer) {
            observer(user, i, scratch + model->plan[i].out, model->plan[i].count, tensors[i + 1].channels);
        }
    }
    for (uint32_t i = 0; i <= ops; i++) {
        const size_t moved = (size_t)tensors[i].frames * tensors[i].channels;
        memcpy(state + tensors[i].state_offset, scratch + tensors[i].scratch_offset + moved,
               tensors[i].history_bytes);
    }
    return scratch + model->plan[ops - 1].out;
}
