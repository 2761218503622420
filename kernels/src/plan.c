#include "plan.h"

#include <string.h>

#include "requant.h"
#include "stream.h"

/* Bytes of state, and of scratch. No student that anybody would run comes near, and the scratch of a crowd, eight times as
 * much, is counted in 32 bits where pointers have 32. */
#define LARGEST (UINT64_C(1) << 27)

/* Upper bound on the stack of any call, callbacks excluded; tests/kernels/test_stack.py adds up what the compiler
 * reports for every path through the library. */
#define STACK_BYTES 4096u

/* Frames of tensor `index` that its readers need from before the hop. */
static uint64_t history(const facelite_blob *blob, uint32_t index) {
    uint64_t frames = 0;
    for (uint32_t i = index; i < blob->header.ops; i++) {
        const facelite_op_record op = facelite_blob_op(blob, i);
        const uint32_t sources[2] = {op.input, op.other};
        for (uint32_t operand = 0; operand < (op.kind == FACELITE_ADD ? 2u : 1u); operand++) {
            const uint64_t needed = sources[operand] == index ? facelite_op_history(&op, operand) : 0;
            frames = needed > frames ? needed : frames;
        }
    }
    return frames;
}

static uint64_t row_bytes(const facelite_blob *blob, const facelite_op_record *op) {
    const uint64_t inputs = (uint64_t)op->kernel * facelite_blob_tensor(blob, op->input).channels;
    return (inputs + 3) / 4 * 4;
}

static int gathers(const facelite_op_record *op) {
    return op->kind == FACELITE_CONV && op->kernel > 1 && op->dilation > 1;
}

/* Bytes of scratch for the rows that dilated operators gather: the most that any of them needs. */
static uint64_t gather_bytes(const facelite_blob *blob) {
    uint64_t most = 0;
    for (uint32_t i = 0; i < blob->header.ops; i++) {
        const facelite_op_record op = facelite_blob_op(blob, i);
        if (gathers(&op)) {
            const uint64_t rows = blob->header.hop / facelite_blob_tensor(blob, i + 1).stride;
            const uint64_t bytes = rows * row_bytes(blob, &op);
            most = bytes > most ? bytes : most;
        }
    }
    return most;
}

/* Multiplications and bytes moved while a model hears silence; a blob may not ask for minutes of them. */
#define LARGEST_PRIMING (UINT64_C(1) << 34)

static int primes_quickly(const facelite_blob *blob, uint64_t state) {
    const facelite_header *header = &blob->header;
    uint64_t hop = blob->macs_per_hop + state;
    for (uint32_t i = 0; i < header->ops; i++) {
        const facelite_op_record op = facelite_blob_op(blob, i);
        const facelite_tensor_record out = facelite_blob_tensor(blob, i + 1);
        const uint64_t values = (uint64_t)(header->hop / out.stride) * out.channels;
        hop += values * (op.kind == FACELITE_MEAN ? op.kernel : 1);
    }
    return hop <= LARGEST_PRIMING / (header->receptive_field / header->hop + 2);
}

static uint64_t aligned(uint64_t bytes) {
    return (bytes + FACELITE_ALIGNMENT - 1) / FACELITE_ALIGNMENT * FACELITE_ALIGNMENT;
}

static uint64_t tensor_scratch(const facelite_blob *blob, uint32_t index) {
    const facelite_tensor_record tensor = facelite_blob_tensor(blob, index);
    const uint64_t frames = history(blob, index) + blob->header.hop / tensor.stride;
    return aligned(frames * tensor.channels + FACELITE_READ_SLACK);
}

facelite_status facelite_plan_info(const facelite_blob *blob, facelite_info *info) {
    const facelite_header *header = &blob->header;
    uint64_t state = header->hop;
    uint64_t scratch = gather_bytes(blob) + FACELITE_READ_SLACK;
    for (uint32_t i = 0; i <= header->ops; i++) {
        state += history(blob, i) * facelite_blob_tensor(blob, i).channels;
        scratch += tensor_scratch(blob, i);
    }
    if (state > LARGEST || scratch > LARGEST || !primes_quickly(blob, state)) {
        return FACELITE_E_CORRUPT;
    }
    memset(info, 0, sizeof *info);
    info->sample_rate = header->sample_rate;
    info->window = header->window;
    info->lookahead = header->lookahead;
    info->hop = header->hop;
    info->receptive_field = header->receptive_field;
    info->controls = header->controls;
    info->smoothing = header->flags & FACELITE_FLAG_SMOOTHING ? 1 : 0;
    info->ops = header->ops;
    info->parameters = blob->parameters;
    info->macs_per_hop = blob->macs_per_hop;
    info->weight_bytes = (size_t)blob->weight_bytes;
    info->blob_bytes = header->total_bytes;
    info->scratch_bytes = facelite_align((size_t)scratch);
    info->stream_bytes = facelite_align(sizeof(facelite_stream) + facelite_stream_tail_bytes((size_t)state, header->controls));
    info->model_bytes = facelite_align(sizeof(facelite_model)) +
                        facelite_align((header->ops + (size_t)1) * sizeof(facelite_tensor_plan)) +
                        facelite_align(header->ops * sizeof(facelite_op_plan)) + facelite_align((size_t)state + header->controls) +
                        info->scratch_bytes;
    info->stack_bytes = STACK_BYTES;
    return FACELITE_OK;
}

static void plan_tensors(facelite_model *model, facelite_tensor_plan *tensors) {
    size_t state = facelite_state_histories(&model->info), scratch = 0;
    for (uint32_t i = 0; i <= model->info.ops; i++) {
        const facelite_tensor_record record = facelite_blob_tensor(&model->blob, i);
        facelite_tensor_plan *tensor = &tensors[i];
        tensor->channels = record.channels;
        tensor->frames = model->info.hop / record.stride;
        tensor->history_bytes = (size_t)history(&model->blob, i) * record.channels;
        tensor->state_offset = state;
        tensor->scratch_offset = scratch;
        state += tensor->history_bytes;
        scratch += (size_t)tensor_scratch(&model->blob, i);
    }
    model->tensors = tensors;
    model->state_bytes = state;
    model->gather_offset = scratch;
}

/* Offset in scratch of the frame that lies `back` frames before the newest one of `tensor`. */
static size_t frame_offset(const facelite_tensor_plan *tensor, size_t back) {
    const size_t all = tensor->history_bytes + (size_t)tensor->frames * tensor->channels;
    return tensor->scratch_offset + all - (back + 1) * tensor->channels;
}

static void plan_conv(const facelite_model *model, const facelite_op_record *op, const facelite_tensor_plan *out,
                      facelite_op_plan *plan) {
    const facelite_tensor_plan *in = &model->tensors[op->input];
    const uint8_t *bytes = model->blob.bytes;
    const size_t span = (size_t)(op->kernel - 1) * op->dilation + 1;
    plan->first[0] = frame_offset(in, op->delay + (size_t)(out->frames - 1) * op->stride + span - 1);
    plan->frame_step = (size_t)op->stride * in->channels;
    plan->tap_bytes = in->channels;
    plan->tap_step = (size_t)op->dilation * in->channels;
    plan->taps = gathers(op) ? op->kernel : 0;
    plan->row_step = plan->taps ? (size_t)row_bytes(&model->blob, op) : plan->frame_step;
    facelite_conv *conv = &plan->u.conv;
    conv->weights = (const int8_t *)bytes + op->weights_offset;
    conv->bias_s8 = bytes + op->bias_s8_offset;
    conv->bias_u8 = bytes + op->bias_u8_offset;
    if (op->flags & FACELITE_FLAG_FLOATING) {
        conv->scale = bytes + op->scale_offset;
    } else {
        conv->multiplier = bytes + op->multiplier_offset;
        conv->shift = (const int8_t *)bytes + op->shift_offset;
    }
    conv->quads = (uint32_t)(row_bytes(&model->blob, op) / 4);
    conv->channels = out->channels;
    conv->pair_safe = (op->flags & FACELITE_FLAG_PAIR_SAFE) != 0;
    conv->lo = op->lo + 128;
    conv->hi = op->hi + 128;
}

static void plan_add(const facelite_model *model, const facelite_op_record *op, facelite_op_plan *plan) {
    const uint32_t sources[2] = {op->input, op->other}, delays[2] = {op->delay, op->other_delay};
    facelite_add *add = &plan->u.add;
    for (int i = 0; i < 2; i++) {
        plan->first[i] = frame_offset(&model->tensors[sources[i]], (size_t)delays[i] + plan->count - 1);
        add->zero_point[i] = facelite_blob_tensor(&model->blob, sources[i]).zero_point + 128;
        add->multiplier[i] = op->multiplier[i];
        add->shift[i] = op->shift[i];
    }
    add->out_multiplier = op->multiplier[2];
    add->out_shift = op->shift[2];
    add->lo = op->lo + 128;
    add->hi = op->hi + 128;
}

static void plan_mean(const facelite_model *model, const facelite_op_record *op, facelite_op_plan *plan) {
    const facelite_tensor_plan *in = &model->tensors[op->input];
    plan->first[0] = frame_offset(in, (size_t)op->delay + plan->count - 1 + op->kernel - 1);
    plan->u.mean = (facelite_mean){.kernel = op->kernel,
                                   .channels = in->channels,
                                   .zero_point = facelite_blob_tensor(&model->blob, op->input).zero_point + 128,
                                   .multiplier = op->multiplier[0],
                                   .shift = op->shift[0]};
}

void facelite_plan_model(facelite_model *model, facelite_tensor_plan *tensors, facelite_op_plan *plan) {
    plan_tensors(model, tensors);
    for (uint32_t i = 0; i < model->info.ops; i++) {
        const facelite_op_record op = facelite_blob_op(&model->blob, i);
        const facelite_tensor_plan *out = &tensors[i + 1];
        const int32_t zero_point = facelite_blob_tensor(&model->blob, i + 1).zero_point + 128;
        memset(&plan[i], 0, sizeof plan[i]);
        plan[i].kind = op.kind;
        plan[i].count = out->frames;
        plan[i].out = out->scratch_offset + out->history_bytes;
        plan[i].values = (size_t)out->frames * out->channels;
        switch (op.kind) {
        case FACELITE_CONV:
            plan_conv(model, &op, out, &plan[i]);
            plan[i].u.conv.zero_point = zero_point;
            plan[i].u.conv.half_up = facelite_rounds_half_up(&plan[i].u.conv);
            break;
        case FACELITE_ADD:
            plan_add(model, &op, &plan[i]);
            plan[i].u.add.out_zero_point = zero_point;
            break;
        case FACELITE_MEAN:
            plan_mean(model, &op, &plan[i]);
            plan[i].u.mean.out_zero_point = zero_point;
            break;
        default:
            plan[i].first[0] = frame_offset(&tensors[op.input], (size_t)plan[i].count - 1);
            plan[i].u.table = (const int8_t *)model->blob.bytes + op.weights_offset;
            break;
        }
    }
    model->plan = plan;
}
