// Many characters that hear together; the GIL is released meanwhile.
#ifndef FACELITE_PYTHON_CROWD_H
#define FACELITE_PYTHON_CROWD_H

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "stream.h"

/// Streams of one model that hear together; owns the scratch.
class Crowd {
public:
    explicit Crowd(std::vector<std::shared_ptr<Stream>> members) : members_(std::move(members)) {
        if (members_.empty()) {
            throw py::value_error("a crowd needs a stream");
        }
        for (const auto &member : members_) {
            if (!member) {
                throw py::value_error("a crowd has no place for None");
            }
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
        if (hop == 0) {
            throw py::value_error("hop must be above 0");
        }
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

#endif
