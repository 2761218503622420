#include "facelite/facelite_debug.h"

#include "engine.h"
#include "stream.h"

static void unbias(int8_t *codes, size_t count) {
    for (size_t i = 0; i < count; i++) {
        codes[i] = (int8_t)((uint8_t)codes[i] - 128);
    }
}

facelite_status facelite_debug_codes_f32(const facelite_model *model, const float *pcm, size_t samples,
                                         int8_t *codes) {
    if (model == NULL || codes == NULL || (pcm == NULL && samples > 0)) {
        return FACELITE_E_ARGUMENT;
    }
    model->ops.encode_f32((uint8_t *)codes, pcm, samples, &model->compander);
    unbias(codes, samples);
    return FACELITE_OK;
}

facelite_status facelite_debug_codes_i16(const facelite_model *model, const int16_t *pcm, size_t samples,
                                         int8_t *codes) {
    if (model == NULL || codes == NULL || (pcm == NULL && samples > 0)) {
        return FACELITE_E_ARGUMENT;
    }
    model->ops.encode_i16((uint8_t *)codes, pcm, samples, &model->compander);
    unbias(codes, samples);
    return FACELITE_OK;
}

facelite_status facelite_debug_output(const facelite_model *model, float *scale, int32_t *zero_point) {
    if (model == NULL || scale == NULL || zero_point == NULL) {
        return FACELITE_E_ARGUMENT;
    }
    *scale = model->out_scale;
    *zero_point = model->out_zero_point - 128;
    return FACELITE_OK;
}

facelite_status facelite_debug_place(const facelite_model *model, uint32_t index, facelite_place *place) {
    if (model == NULL || place == NULL || index > model->info.ops) {
        return FACELITE_E_ARGUMENT;
    }
    const facelite_tensor_plan *tensor = &model->tensors[index];
    const size_t end = index == model->info.ops ? model->gather_offset : model->tensors[index + 1].scratch_offset;
    *place = (facelite_place){.channels = tensor->channels,
                              .frames = tensor->frames,
                              .history_bytes = tensor->history_bytes,
                              .state_offset = tensor->state_offset,
                              .scratch_offset = tensor->scratch_offset,
                              .scratch_bytes = end - tensor->scratch_offset,
                              .gather_offset = model->gather_offset};
    if (index > 0 && model->plan[index - 1].taps) {
        place->gather_bytes = model->plan[index - 1].count * model->plan[index - 1].row_step;
    }
    return FACELITE_OK;
}

facelite_status facelite_debug_hop(facelite_stream *stream, void *scratch, const int8_t *codes, int8_t *out,
                                   facelite_observer observer, void *user) {
    if (stream == NULL || scratch == NULL || codes == NULL || out == NULL) {
        return FACELITE_E_ARGUMENT;
    }
    const facelite_model *model = stream->model;
    uint8_t *state = facelite_stream_state(stream);
    for (uint32_t i = 0; i < model->info.hop; i++) {
        state[i] = (uint8_t)(codes[i] + 128);
    }
    const uint8_t *frame = facelite_engine_hop(model, state, scratch, observer, user);
    for (uint32_t c = 0; c < model->info.controls; c++) {
        out[c] = (int8_t)(frame[c] - 128);
    }
    return FACELITE_OK;
}

facelite_status facelite_debug_resample(facelite_stream *stream, const float *pcm, size_t samples, float *out,
                                        size_t capacity, size_t *written) {
    facelite_resampler *resampler = stream ? facelite_stream_resampler(stream) : NULL;
    if (resampler == NULL || written == NULL || out == NULL || (pcm == NULL && samples > 0)) {
        return FACELITE_E_ARGUMENT;
    }
    const facelite_filter *filter = resampler->filter;
    const uint64_t made = facelite_resampled_after(filter, resampler->heard + samples) -
                          facelite_resampled_after(filter, resampler->heard);
    if (made > capacity) {
        return FACELITE_E_CAPACITY;
    }
    facelite_pcm source = {pcm, NULL, samples};
    *written = facelite_resample(resampler, &stream->model->ops, &source, out, capacity);
    facelite_resample_rest(resampler, &stream->model->ops, &source);
    return FACELITE_OK;
}
