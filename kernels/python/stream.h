// One character; the GIL is released while it hears.
#ifndef FACELITE_PYTHON_STREAM_H
#define FACELITE_PYTHON_STREAM_H

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "model.h"
#include "observers.h"

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

#endif
