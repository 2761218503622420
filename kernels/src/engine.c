#include "engine.h"

#include <string.h>

/* Convolutions of at most so many rows a hop run for a whole crowd at once; longer ones already read each weight for
 * many rows. */
#define ROWS_TOGETHER 4u

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

/* Histories and waiting codes: state -> scratch. */
static void load(const facelite_model *model, const uint8_t *state, uint8_t *scratch) {
    const facelite_tensor_plan *tensors = model->tensors;
    for (uint32_t i = 0; i <= model->info.ops; i++) {
        memcpy(scratch + tensors[i].scratch_offset, state + tensors[i].state_offset, tensors[i].history_bytes);
    }
    memcpy(scratch + tensors[0].scratch_offset + tensors[0].history_bytes, state, model->info.hop);
}

/* The newest frames: scratch -> state. */
static void save(const facelite_model *model, uint8_t *state, const uint8_t *scratch) {
    const facelite_tensor_plan *tensors = model->tensors;
    for (uint32_t i = 0; i <= model->info.ops; i++) {
        const size_t moved = (size_t)tensors[i].frames * tensors[i].channels;
        memcpy(state + tensors[i].state_offset, scratch + tensors[i].scratch_offset + moved,
               tensors[i].history_bytes);
    }
}

const uint8_t *facelite_engine_hop(const facelite_model *model, uint8_t *state, uint8_t *scratch,
                                   facelite_observer observer, void *user) {
    const uint32_t ops = model->info.ops;
    load(model, state, scratch);
    for (uint32_t i = 0; i < ops; i++) {
        run(model, &model->plan[i], scratch);
        if (observer) {
            observer(user, i, scratch + model->plan[i].out, model->plan[i].count, model->tensors[i + 1].channels);
        }
    }
    save(model, state, scratch);
    return scratch + model->plan[ops - 1].out;
}

/* One convolution of `count` characters: row j of all of them at once. `together` takes their outputs, dense. */
static void run_together(const facelite_model *model, const facelite_op_plan *op, uint8_t *scratch, size_t count,
                         uint8_t *together) {
    const size_t step = model->info.scratch_bytes, channels = op->u.conv.channels;
    const size_t first = op->taps ? model->gather_offset : op->first[0];
    for (size_t c = 0; c < count && op->taps; c++) {
        gather(scratch + c * step + first, scratch + c * step + op->first[0], op);
    }
    for (uint32_t j = 0; j < op->count; j++) {
        model->ops.conv(together, scratch + first + j * op->row_step, step, count, &op->u.conv);
        for (size_t c = 0; c < count; c++) {
            memcpy(scratch + c * step + op->out + j * channels, together + c * channels, channels);
        }
    }
}

size_t facelite_engine_crowd_bytes(const facelite_model *model, size_t count) {
    uint32_t widest = 0;
    for (uint32_t i = 0; i <= model->info.ops; i++) {
        widest = model->tensors[i].channels > widest ? model->tensors[i].channels : widest;
    }
    return count * model->info.scratch_bytes + facelite_align(count * widest);
}

void facelite_engine_hops(const facelite_model *model, uint8_t *const *states, size_t count, uint8_t *scratch,
                          const uint8_t **frames) {
    const size_t step = model->info.scratch_bytes;
    for (size_t c = 0; c < count; c++) {
        load(model, states[c], scratch + c * step);
    }
    for (uint32_t i = 0; i < model->info.ops; i++) {
        const facelite_op_plan *op = &model->plan[i];
        if (op->kind == FACELITE_CONV && op->count <= ROWS_TOGETHER) {
            run_together(model, op, scratch, count, scratch + count * step);
            continue;
        }
        for (size_t c = 0; c < count; c++) {
            run(model, op, scratch + c * step);
        }
    }
    for (size_t c = 0; c < count; c++) {
        save(model, states[c], scratch + c * step);
        frames[c] = scratch + c * step + model->plan[model->info.ops - 1].out;
    }
}
