// A thin pybind11 layer over the public C header: it owns memory, checks shapes and releases the GIL.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <memory>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "facelite/facelite.h"
#include "facelite/facelite_debug.h"

namespace py = pybind11;

namespace {

using Frames = py::array_t<float, py::array::c_style>;
using Codes = py::array_t<int8_t, py::array::c_style>;

/// A facelite status other than OK; Python sees `_kernel.KernelError` with `.status`.
class KernelError : public std::runtime_error {
public:
    explicit KernelError(facelite_status status) : std::runtime_error(facelite_strerror(status)), status(status) {}
    facelite_status status;
};

void check(facelite_status status) {
    if (status != FACELITE_OK) {
        throw KernelError(status);
    }
}

/// Zeroed memory of FACELITE_ALIGNMENT.
class Block {
public:
    explicit Block(size_t bytes) : data_(::operator new(bytes, std::align_val_t{FACELITE_ALIGNMENT})) {
        std::memset(data_, 0, bytes);
    }
    ~Block() { ::operator delete(data_, std::align_val_t{FACELITE_ALIGNMENT}); }
    Block(const Block &) = delete;
    Block &operator=(const Block &) = delete;
    void *data() const { return data_; }

private:
    void *data_;
};

class Model {
public:
    explicit Model(const py::buffer &source) {
        const py::buffer_info view = source.request();
        const size_t bytes = static_cast<size_t>(view.size) * static_cast<size_t>(view.itemsize);
        blob_ = std::make_unique<Block>(bytes);
        std::memcpy(blob_->data(), view.ptr, bytes);
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

private:
    facelite_info info_{};
    std::unique_ptr<Block> blob_, memory_;
    const facelite_model *model_ = nullptr;
};

py::dict info_dict(const Model &model) {
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

using Clock = std::chrono::steady_clock;

double nanoseconds(Clock::time_point from, Clock::time_point to) {
    return std::chrono::duration<double, std::nano>(to - from).count();
}

/// What the observer collects of one hop: each operator's new frames as signed codes.
struct Layers {
    std::vector<Codes> codes;

    static void observe(void *user, uint32_t, const uint8_t *biased, uint32_t frames, uint32_t channels) {
        Codes copy({static_cast<py::ssize_t>(frames), static_cast<py::ssize_t>(channels)});
        int8_t *out = copy.mutable_data();
        for (size_t i = 0; i < static_cast<size_t>(frames) * channels; i++) {
            out[i] = static_cast<int8_t>(biased[i] ^ 0x80);
        }
        static_cast<Layers *>(user)->codes.push_back(std::move(copy));
    }
};

/// Time of each operator in one hop.
struct Times {
    Clock::time_point last;
    double *row;

    static void observe(void *user, uint32_t op, const uint8_t *, uint32_t, uint32_t) {
        auto *times = static_cast<Times *>(user);
        const Clock::time_point now = Clock::now();
        times->row[op] = nanoseconds(times->last, now);
        times->last = Clock::now();
    }
};

class Stream {
public:
    Stream(std::shared_ptr<Model> model, std::optional<bool> smoothing, std::optional<uint32_t> rate)
        : model_(std::move(model)), bytes_(bytes_for(*model_, rate)), memory_(bytes_),
          scratch_(model_->info().scratch_bytes) {
        check(facelite_stream_init(memory_.data(), bytes_, model_->get(), &stream_));
        if (rate) {
            check(facelite_stream_set_rate(stream_, *rate));
        }
        if (smoothing) {
            check(facelite_stream_set_smoothing(stream_, *smoothing ? 1 : 0));
        }
    }

    template <typename Sample, typename Push> Frames push(const py::array_t<Sample, py::array::c_style> &pcm, Push call) {
        if (pcm.ndim() != 1) {
            throw py::value_error("pcm must have one dimension");
        }
        const size_t samples = static_cast<size_t>(pcm.size());
        const size_t capacity = facelite_stream_frames_for(stream_, samples);
        Frames frames = allocate(capacity);
        const Sample *in = pcm.data();
        float *out = frames.mutable_data();
        size_t written = 0;
        facelite_status status;
        {
            py::gil_scoped_release release;
            status = call(stream_, scratch_.data(), in, samples, out, capacity, &written);
        }
        check(status);
        return frames;
    }

    Frames flush() {
        const size_t capacity = facelite_stream_frames_pending(stream_);
        Frames frames = allocate(capacity);
        float *out = frames.mutable_data();
        size_t written = 0;
        facelite_status status;
        {
            py::gil_scoped_release release;
            status = facelite_stream_flush(stream_, scratch_.data(), out, capacity, &written);
        }
        check(status);
        return frames;
    }

    void reset() { check(facelite_stream_reset(stream_)); }

    void stop(double at, double fade) { check(facelite_stream_stop(stream_, at, fade)); }

    Frames sample(double seconds) const {
        Frames frame(static_cast<py::ssize_t>(model_->info().controls));
        check(facelite_stream_sample(stream_, seconds, frame.mutable_data()));
        return frame;
    }

    size_t bytes() const { return bytes_; }
    facelite_stream *get() const { return stream_; }
    const facelite_model *model() const { return model_->get(); }
    size_t controls() const { return model_->info().controls; }

    py::dict latency() const {
        facelite_latency terms;
        check(facelite_stream_latency(stream_, &terms));
        py::dict fields;
        fields["lookahead"] = terms.lookahead;
        fields["smoothing"] = terms.smoothing;
        fields["hop"] = terms.hop;
        fields["resampler"] = terms.resampler;
        return fields;
    }

    size_t frames_for(size_t samples) const { return facelite_stream_frames_for(stream_, samples); }
    size_t frames_pending() const { return facelite_stream_frames_pending(stream_); }

    Codes step_codes(const Codes &codes) {
        const size_t hops = hops_of(codes);
        const facelite_info &info = model_->info();
        Codes out({static_cast<py::ssize_t>(hops), static_cast<py::ssize_t>(info.controls)});
        const int8_t *in = codes.data();
        int8_t *to = out.mutable_data();
        facelite_status status = FACELITE_OK;
        {
            py::gil_scoped_release release;
            for (size_t i = 0; i < hops && status == FACELITE_OK; i++) {
                status = facelite_debug_hop(stream_, scratch_.data(), in + i * info.hop, to + i * info.controls,
                                            nullptr, nullptr);
            }
        }
        check(status);
        return out;
    }

    std::vector<Codes> step_layers(const Codes &codes) {
        if (hops_of(codes) != 1) {
            throw py::value_error("codes must be exactly one hop");
        }
        std::vector<int8_t> out(model_->info().controls);
        Layers layers;
        check(facelite_debug_hop(stream_, scratch_.data(), codes.data(), out.data(), Layers::observe, &layers));
        return std::move(layers.codes);
    }

    Frames resample(const py::array_t<float, py::array::c_style> &pcm) {
        const size_t samples = static_cast<size_t>(pcm.size());
        std::vector<float> out(2 * samples + 1);
        size_t written = 0;
        check(facelite_debug_resample(stream_, pcm.data(), samples, out.data(), out.size(), &written));
        return Frames(static_cast<py::ssize_t>(written), out.data());
    }

    py::array_t<double> time_layers(const Codes &codes) {
        const size_t hops = hops_of(codes);
        const facelite_info &info = model_->info();
        py::array_t<double> out({static_cast<py::ssize_t>(hops), static_cast<py::ssize_t>(info.ops)});
        std::vector<int8_t> frame(info.controls);
        double *rows = out.mutable_data();
        const int8_t *in = codes.data();
        for (size_t i = 0; i < hops; i++) {
            Times times{Clock::now(), rows + i * info.ops};
            check(facelite_debug_hop(stream_, scratch_.data(), in + i * info.hop, frame.data(), Times::observe,
                                     &times));
        }
        return out;
    }

    py::array_t<double> time_hops(const py::array_t<float, py::array::c_style> &pcm) {
        const size_t hop = model_->info().hop;
        const size_t hops = static_cast<size_t>(pcm.size()) / hop;
        py::array_t<double> out(static_cast<py::ssize_t>(hops));
        std::vector<float> frame(model_->info().controls);
        double *ns = out.mutable_data();
        const float *in = pcm.data();
        facelite_status status = FACELITE_OK;
        {
            py::gil_scoped_release release;
            for (size_t i = 0; i < hops && status == FACELITE_OK; i++) {
                size_t written = 0;
                const Clock::time_point start = Clock::now();
                status = facelite_stream_push_f32(stream_, scratch_.data(), in + i * hop, hop, frame.data(), 1,
                                                  &written);
                ns[i] = nanoseconds(start, Clock::now());
            }
        }
        check(status);
        return out;
    }

private:
    /// Memory for a stream; at least the model's own, so that set_rate is what refuses a rate.
    static size_t bytes_for(const Model &model, std::optional<uint32_t> rate) {
        const size_t own = model.info().stream_bytes;
        return rate ? std::max(own, facelite_stream_bytes(model.get(), *rate)) : own;
    }

    Frames allocate(size_t frames) const {
        return Frames({static_cast<py::ssize_t>(frames), static_cast<py::ssize_t>(model_->info().controls)});
    }

    size_t hops_of(const Codes &codes) const {
        const size_t hop = model_->info().hop;
        if (codes.ndim() != 1 || static_cast<size_t>(codes.size()) % hop != 0) {
            throw py::value_error("codes must be whole hops in one dimension");
        }
        return static_cast<size_t>(codes.size()) / hop;
    }

    std::shared_ptr<Model> model_;
    size_t bytes_;
    Block memory_, scratch_;
    facelite_stream *stream_ = nullptr;
};

/// Streams of one model that hear together; owns the scratch.
class Crowd {
public:
    explicit Crowd(std::vector<std::shared_ptr<Stream>> members) : members_(std::move(members)) {
        if (members_.empty()) {
            throw py::value_error("a crowd needs a stream");
        }
        for (const auto &member : members_) {
            streams_.push_back(member->get());
        }
        const facelite_model *model = members_[0]->model();
        scratch_ = std::make_unique<Block>(facelite_streams_scratch_bytes(model, members_.size()));
        controls_ = members_[0]->controls();
    }

    template <typename Sample, typename Step>
    py::list step(const py::array_t<Sample, py::array::c_style> &pcm, Step call) {
        Work<Sample> work = prepare(pcm);
        facelite_status status;
        {
            py::gil_scoped_release release;
            status = work.run(*this, call);
        }
        check(status);
        py::list out;
        for (size_t i = 0; i < members_.size(); i++) {
            Frames frames({static_cast<py::ssize_t>(work.written[i]), static_cast<py::ssize_t>(controls_)});
            std::copy_n(work.frames[i], work.written[i] * controls_, frames.mutable_data());
            out.append(frames);
        }
        return out;
    }

    /// ns of each hop of all streams together.
    py::array_t<double> time_hops(const py::array_t<float, py::array::c_style> &pcm, size_t hop) {
        const size_t hops = pcm.ndim() == 2 ? static_cast<size_t>(pcm.shape(1)) / hop : 0;
        Work<float> work = prepare(pcm);
        py::array_t<double> out(static_cast<py::ssize_t>(hops));
        double *ns = out.mutable_data();
        facelite_status status = FACELITE_OK;
        work.samples = hop;
        {
            py::gil_scoped_release release;
            for (size_t i = 0; i < hops && status == FACELITE_OK; i++) {
                const Clock::time_point start = Clock::now();
                status = work.run(*this, facelite_streams_step_f32);
                ns[i] = nanoseconds(start, Clock::now());
                for (const float *&one : work.pcm) {
                    one += hop;
                }
            }
        }
        check(status);
        return out;
    }

private:
    template <typename Sample> struct Work {
        size_t samples, capacity;
        std::vector<const Sample *> pcm;
        std::vector<float> memory;
        std::vector<float *> frames;
        std::vector<size_t> written;

        template <typename Step> facelite_status run(Crowd &crowd, Step call) {
            return call(crowd.streams_.data(), crowd.streams_.size(), crowd.scratch_->data(), pcm.data(), samples,
                        frames.data(), capacity, written.data());
        }
    };

    template <typename Sample> Work<Sample> prepare(const py::array_t<Sample, py::array::c_style> &pcm) const {
        const size_t count = members_.size();
        if (pcm.ndim() != 2 || static_cast<size_t>(pcm.shape(0)) != count) {
            throw py::value_error("pcm must be [streams, samples]");
        }
        Work<Sample> work;
        work.samples = static_cast<size_t>(pcm.shape(1));
        work.capacity = 0;
        for (const auto &member : members_) {
            work.capacity = std::max(work.capacity, member->frames_for(work.samples));
        }
        work.memory.resize(count * work.capacity * controls_);
        work.written.resize(count);
        for (size_t i = 0; i < count; i++) {
            work.pcm.push_back(pcm.data() + i * work.samples);
            work.frames.push_back(work.memory.data() + i * work.capacity * controls_);
        }
        return work;
    }

    std::vector<std::shared_ptr<Stream>> members_;
    std::vector<facelite_stream *> streams_;
    std::unique_ptr<Block> scratch_;
    size_t controls_ = 0;
};

template <typename Sample, typename Convert>
Codes encode(const Model &model, const py::array_t<Sample, py::array::c_style> &pcm, Convert convert) {
    Codes codes(pcm.size());
    check(convert(model.get(), pcm.data(), static_cast<size_t>(pcm.size()), codes.mutable_data()));
    return codes;
}

std::vector<std::string> isa_available() {
    std::vector<std::string> names;
    for (uint32_t i = 0; facelite_isa_available(i) != nullptr; i++) {
        names.emplace_back(facelite_isa_available(i));
    }
    return names;
}

std::optional<std::string> isa_selected() {
    const char *name = facelite_isa_selected();
    return name ? std::optional<std::string>(name) : std::nullopt;
}

} // namespace

PYBIND11_MODULE(_kernel, module) {
    module.doc() = "The C kernel: models, streams and instruction sets. facelite.student is the interface to use.";
    static py::exception<KernelError> error(module, "KernelError");
    py::register_exception_translator([](std::exception_ptr pointer) {
        try {
            if (pointer) {
                std::rethrow_exception(pointer);
            }
        } catch (const KernelError &raised) {
            py::object value = py::handle(error)(raised.what());
            value.attr("status") = static_cast<int>(raised.status);
            PyErr_SetObject(error.ptr(), value.ptr());
        }
    });

    py::class_<Model, std::shared_ptr<Model>>(module, "Model", "A student.facelite, copied once into aligned memory.")
        .def(py::init<const py::buffer &>(), py::arg("blob"))
        .def_property_readonly("info", info_dict, "facelite_info as a dict.")
        .def_property_readonly("controls", &Model::controls)
        .def_property_readonly("isa", &Model::isa)
        .def_property_readonly("output", &Model::output, "(scale, zero point) of the output codes.")
        .def("codes", [](const Model &m, const py::array_t<float, py::array::c_style> &pcm) {
            return encode<float>(m, pcm, facelite_debug_codes_f32);
        }, py::arg("pcm").noconvert(), "float32 PCM [n] -> int8 input codes [n].")
        .def("codes", [](const Model &m, const py::array_t<int16_t, py::array::c_style> &pcm) {
            return encode<int16_t>(m, pcm, facelite_debug_codes_i16);
        }, py::arg("pcm").noconvert(), "int16 PCM [n] -> int8 input codes [n].");

    py::class_<Stream, std::shared_ptr<Stream>>(module, "Stream", "One character. Not for two threads at once; the GIL is released.")
        .def(py::init<std::shared_ptr<Model>, std::optional<bool>, std::optional<uint32_t>>(), py::arg("model"),
             py::arg("smoothing") = std::nullopt, py::arg("sample_rate") = std::nullopt)
        .def("push", [](Stream &s, const py::array_t<float, py::array::c_style> &pcm) {
            return s.push<float>(pcm, facelite_stream_push_f32);
        }, py::arg("pcm").noconvert(), "float32 PCM [n] -> float32 frames [k, controls].")
        .def("push", [](Stream &s, const py::array_t<int16_t, py::array::c_style> &pcm) {
            return s.push<int16_t>(pcm, facelite_stream_push_i16);
        }, py::arg("pcm").noconvert(), "int16 PCM [n] -> float32 frames [k, controls].")
        .def("flush", &Stream::flush, "The frames still owed; resets the stream.")
        .def("reset", &Stream::reset)
        .def("stop", &Stream::stop, py::arg("at"), py::arg("fade"))
        .def("sample", &Stream::sample, py::arg("seconds"), "float32 [controls] at a time of the clip's clock.")
        .def_property_readonly("bytes", &Stream::bytes, "Memory of this character.")
        .def_property_readonly("latency", &Stream::latency, "facelite_latency as a dict, seconds.")
        .def("frames_for", &Stream::frames_for, py::arg("samples"))
        .def("frames_pending", &Stream::frames_pending)
        .def("step_codes", &Stream::step_codes, py::arg("codes").noconvert(),
             "int8 input codes [hops * hop] -> int8 output codes [hops, controls], past lookahead and smoothing.")
        .def("step_layers", &Stream::step_layers, py::arg("codes").noconvert(),
             "int8 input codes of one hop -> for each operator its new frames, int8 [frames, channels].")
        .def("resample", &Stream::resample, py::arg("pcm").noconvert(),
             "float32 PCM at the stream's rate -> what the student hears of it, float32 at the student's rate.")
        .def("time_layers", &Stream::time_layers, py::arg("codes").noconvert(),
             "int8 input codes [hops * hop] -> ns of each operator, float64 [hops, ops].")
        .def("time_hops", &Stream::time_hops, py::arg("pcm").noconvert(),
             "float32 PCM [hops * hop], pushed hop by hop -> ns of each push, float64 [hops].");

    py::class_<Crowd>(module, "Crowd", "Streams of one model that hear together. The GIL is released.")
        .def(py::init<std::vector<std::shared_ptr<Stream>>>(), py::arg("streams"))
        .def("step", [](Crowd &c, const py::array_t<float, py::array::c_style> &pcm) {
            return c.step<float>(pcm, facelite_streams_step_f32);
        }, py::arg("pcm").noconvert(), "float32 PCM [streams, n] -> for each stream its frames [k, controls].")
        .def("step", [](Crowd &c, const py::array_t<int16_t, py::array::c_style> &pcm) {
            return c.step<int16_t>(pcm, facelite_streams_step_i16);
        }, py::arg("pcm").noconvert(), "int16 PCM [streams, n] -> for each stream its frames [k, controls].")
        .def("time_hops", &Crowd::time_hops, py::arg("pcm").noconvert(), py::arg("hop"),
             "float32 PCM [streams, hops * hop], hop by hop -> ns of each hop of all streams, float64 [hops].");

    module.def("isa_available", isa_available, "Tiers that are built in and run here, weakest first.");
    module.def("isa_selected", isa_selected, "Tier of the next Model, or None when FACELITE_ISA names an absent one.");
    module.def("isa_force", [](std::optional<std::string> name) {
        check(facelite_isa_force(name ? name->c_str() : nullptr));
    }, py::arg("name"), "Forces a tier for models made later; None goes back to the best.");
    module.def("version", &facelite_version);
}
