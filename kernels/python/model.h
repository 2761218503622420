// A student in memory.
#ifndef FACELITE_PYTHON_MODEL_H
#define FACELITE_PYTHON_MODEL_H

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common.h"
#include "facelite/facelite_debug.h"

class Model {
public:
    explicit Model(const py::buffer &source) {
        const auto view = py::reinterpret_steal<py::bytes>(PyBytes_FromObject(source.ptr())); // in order, whatever its strides
        if (!view) {
            throw py::error_already_set();
        }
        const std::string_view given = view;
        const size_t bytes = given.size();
        blob_ = std::make_unique<Block>(bytes);
        std::memcpy(blob_->data(), given.data(), bytes);
        check(facelite_inspect(blob_->data(), bytes, &info_));
        memory_ = std::make_unique<Block>(info_.model_bytes);
        check(facelite_model_init(memory_->data(), info_.model_bytes, blob_->data(), bytes, &model_));
    }

    const facelite_info &info() const { return info_; }
    const facelite_model *get() const { return model_; }
    std::string isa() const { return facelite_model_isa(model_); }

    std::vector<std::string> controls() const {
        std::vector<std::string> names;
        for (uint32_t i = 0; i < info_.controls; i++) {
            names.emplace_back(facelite_control_name(model_, i));
        }
        return names;
    }

    std::pair<float, int32_t> output() const {
        float scale = 0;
        int32_t zero_point = 0;
        check(facelite_debug_output(model_, &scale, &zero_point));
        return {scale, zero_point};
    }

    py::list places() const {
        py::list all;
        for (uint32_t i = 0; i <= info_.ops; i++) {
            facelite_place place;
            check(facelite_debug_place(model_, i, &place));
            py::dict fields;
#define FIELD(name) fields[#name] = place.name
            FIELD(channels);
            FIELD(frames);
            FIELD(history_bytes);
            FIELD(state_offset);
            FIELD(scratch_offset);
            FIELD(scratch_bytes);
            FIELD(gather_offset);
            FIELD(gather_bytes);
#undef FIELD
            all.append(fields);
        }
        return all;
    }

private:
    facelite_info info_{};
    std::unique_ptr<Block> blob_, memory_;
    const facelite_model *model_ = nullptr;
};

inline py::dict info_dict(const Model &model) {
    const facelite_info &info = model.info();
    py::dict fields;
#define FIELD(name) fields[#name] = info.name
    FIELD(sample_rate);
    FIELD(window);
    FIELD(lookahead);
    FIELD(hop);
    FIELD(receptive_field);
    FIELD(controls);
    FIELD(smoothing);
    FIELD(ops);
    FIELD(parameters);
    FIELD(macs_per_hop);
    FIELD(weight_bytes);
    FIELD(blob_bytes);
    FIELD(model_bytes);
    FIELD(stream_bytes);
    FIELD(scratch_bytes);
    FIELD(stack_bytes);
#undef FIELD
    return fields;
}

template <typename Sample, typename Convert>
Codes encode(const Model &model, const py::array_t<Sample, py::array::c_style> &pcm, Convert convert) {
    Codes codes(pcm.size());
    check(convert(model.get(), pcm.data(), static_cast<size_t>(pcm.size()), codes.mutable_data()));
    return codes;
}

#endif
