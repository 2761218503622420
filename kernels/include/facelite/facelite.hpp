/* facelite.h for C++17: memory that frees itself, spans instead of pointers and lengths, statuses that cannot be
 * overlooked. Nothing throws, so -fno-exceptions and -fno-rtti are welcome. Memory is taken by `load` and `open` alone;
 * `push`, `flush`, `sample`, `stop` and `reset` are as safe on an audio thread as the C functions that they call.
 *
 *     facelite::Model model;
 *     if (auto status = model.load(bytes_of_student_facelite); !status) return log(status.text());
 *     facelite::Stream stream;
 *     facelite::Scratch scratch;
 *     if (!stream.open(model, 48000) || !scratch.open(model)) ...
 *     auto [status, count] = stream.push(pcm, scratch, frames);
 */
#ifndef FACELITE_HPP
#define FACELITE_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <new>
#include <type_traits>
#include <utility>

#if defined(__has_include) && __cplusplus >= 202002L
#  if __has_include(<ranges>)
#    include <ranges>
#  endif
#endif

#include "facelite/facelite.h"

namespace facelite {

/* `size` values at `data`, owned by someone else: std::span before C++20, and made from one, or from any array,
 * vector or string_view. */
template <class T> class Span {
public:
    constexpr Span() noexcept = default;
    constexpr Span(T *data, std::size_t size) noexcept : data_(data), size_(size) {}
    template <std::size_t N> constexpr Span(T (&array)[N]) noexcept : data_(array), size_(N) {}
    template <class C, class E = std::remove_pointer_t<decltype(std::declval<C &>().data())>,
              class = decltype(std::declval<C &>().size()),
              class = std::enable_if_t<std::is_convertible_v<E (*)[], T (*)[]>>>
    constexpr Span(C &&container) noexcept : data_(container.data()), size_(container.size()) {}

    constexpr T *data() const noexcept { return data_; }
    constexpr std::size_t size() const noexcept { return size_; }
    constexpr bool empty() const noexcept { return size_ == 0; }
    constexpr T *begin() const noexcept { return data_; }
    constexpr T *end() const noexcept { return data_ + size_; }
    constexpr T &operator[](std::size_t index) const noexcept { return data_[index]; }
    constexpr Span subspan(std::size_t first, std::size_t count) const noexcept { return {data_ + first, count}; }

private:
    T *data_ = nullptr;
    std::size_t size_ = 0;
};

/* The bytes of any array, vector or span. */
template <class C> Span<const std::byte> as_bytes(const C &container) noexcept {
    return {reinterpret_cast<const std::byte *>(std::data(container)),
            std::size(container) * sizeof(*std::data(container))};
}

/* Whether a call worked, and what it says if it did not. */
class [[nodiscard]] Status {
public:
    constexpr Status(facelite_status code) noexcept : code_(code) {}
    constexpr explicit operator bool() const noexcept { return code_ == FACELITE_OK; }
    constexpr facelite_status code() const noexcept { return code_; }
    const char *text() const noexcept { return facelite_strerror(code_); }

private:
    facelite_status code_;
};

/* Where memory comes from: an engine's own allocator, or the operator new that returns null. `take` answers with
 * null when there is none; `alignment` is FACELITE_ALIGNMENT. */
struct Allocator {
    void *(*take)(void *user, std::size_t bytes, std::size_t alignment) noexcept;
    void (*give)(void *user, void *memory) noexcept;
    void *user;

    static Allocator standard() noexcept {
        return {[](void *, std::size_t bytes, std::size_t alignment) noexcept {
                    return ::operator new(bytes, std::align_val_t{alignment}, std::nothrow);
                },
                [](void *, void *memory) noexcept {
                    ::operator delete(memory, std::align_val_t{FACELITE_ALIGNMENT}, std::nothrow);
                },
                nullptr};
    }
};

/* One aligned block, given back when it goes. */
class Memory {
public:
    Memory() noexcept = default;
    Memory(Memory &&other) noexcept { swap(other); }
    Memory &operator=(Memory &&other) noexcept {
        Memory(std::move(other)).swap(*this);
        return *this;
    }
    Memory(const Memory &) = delete;
    Memory &operator=(const Memory &) = delete;
    ~Memory() {
        if (data_ != nullptr) {
            allocator_.give(allocator_.user, data_);
        }
    }

    /* Gives back what it had first. FACELITE_E_MEMORY: there is none. */
    Status take(std::size_t bytes, Allocator allocator) noexcept {
        *this = Memory();
        allocator_ = allocator;
        data_ = allocator.take(allocator.user, bytes, FACELITE_ALIGNMENT);
        bytes_ = data_ == nullptr ? 0 : bytes;
        return data_ == nullptr ? FACELITE_E_MEMORY : FACELITE_OK;
    }

    void *data() const noexcept { return data_; }
    std::size_t size() const noexcept { return bytes_; }

private:
    void swap(Memory &other) noexcept {
        std::swap(allocator_, other.allocator_);
        std::swap(data_, other.data_);
        std::swap(bytes_, other.bytes_);
    }

    Allocator allocator_ = Allocator::standard();
    void *data_ = nullptr;
    std::size_t bytes_ = 0;
};

/* A pointer that is null once it was moved from. */
template <class T> class Handle {
public:
    explicit Handle(T *at = nullptr) noexcept : at_(at) {}
    Handle(Handle &&other) noexcept : at_(std::exchange(other.at_, nullptr)) {}
    Handle &operator=(Handle &&other) noexcept {
        at_ = std::exchange(other.at_, nullptr);
        return *this;
    }
    T *get() const noexcept { return at_; }

private:
    T *at_;
};

/* A student, shared by any number of streams and threads. It must outlive its streams; it may be moved. */
class Model {
public:
    /* Copies a student.facelite from anywhere. On failure the model is as it was. */
    Status load(Span<const std::byte> blob, Allocator allocator = Allocator::standard()) noexcept {
        Memory copy;
        if (auto status = copy.take(blob.size(), allocator); !status) {
            return status;
        }
        if (!blob.empty()) {
            std::memcpy(copy.data(), blob.data(), blob.size());
        }
        auto status = view({static_cast<const std::byte *>(copy.data()), copy.size()}, allocator);
        if (status) {
            blob_ = std::move(copy);
        }
        return status;
    }

    /* Uses a student.facelite where it lies, aligned to FACELITE_ALIGNMENT; the bytes must outlive the model. */
    Status view(Span<const std::byte> blob, Allocator allocator = Allocator::standard()) noexcept {
        facelite_info info;
        if (auto code = facelite_inspect(blob.data(), blob.size(), &info); code != FACELITE_OK) {
            return code;
        }
        Memory memory;
        if (auto status = memory.take(info.model_bytes, allocator); !status) {
            return status;
        }
        const facelite_model *handle = nullptr;
        const auto code = facelite_model_init(memory.data(), memory.size(), blob.data(), blob.size(), &handle);
        if (code == FACELITE_OK) {
            memory_ = std::move(memory);
            blob_ = Memory();
            handle_ = Handle(handle);
            info_ = info;
        }
        return code;
    }

    /* All zeros before the model is loaded. */
    const facelite_info &info() const noexcept { return info_; }
    /* Null when out of range. */
    const char *control_name(std::uint32_t index) const noexcept { return facelite_control_name(handle(), index); }
    const char *isa() const noexcept { return facelite_model_isa(handle()); }
    const facelite_model *handle() const noexcept { return handle_.get(); }

private:
    Memory blob_, memory_;
    Handle<const facelite_model> handle_;
    facelite_info info_ = {};
};

/* What a thread needs to push: one for all the streams of that model that it steps, one after another. */
class Scratch {
public:
    /* characters: how many streams `step` is given at once, at most. FACELITE_E_ARGUMENT: none, or of no model. */
    Status open(const Model &model, std::size_t characters = 1, Allocator allocator = Allocator::standard()) noexcept {
        const std::size_t bytes = facelite_streams_scratch_bytes(model.handle(), characters);
        if (bytes == 0) {
            return FACELITE_E_ARGUMENT;
        }
        const auto status = memory_.take(bytes, allocator);
        characters_ = status ? characters : 0;
        return status;
    }

    void *data() const noexcept { return memory_.data(); }
    std::size_t size() const noexcept { return memory_.size(); }
    std::size_t characters() const noexcept { return characters_; }

private:
    Memory memory_;
    std::size_t characters_ = 0;
};

/* One character. One thread at a time. */
class Stream {
public:
    struct [[nodiscard]] Pushed {
        Status status;
        std::size_t count; /* frames stored */
    };

    /* hz: rate of the audio that it will hear; 0: the model's own. FACELITE_E_ARGUMENT: that rate is not heard. */
    Status open(const Model &model, std::uint32_t hz = 0, Allocator allocator = Allocator::standard()) noexcept {
        const std::uint32_t rate = hz == 0 ? model.info().sample_rate : hz;
        const std::size_t bytes = facelite_stream_bytes(model.handle(), rate);
        if (bytes == 0) {
            return FACELITE_E_ARGUMENT;
        }
        Memory memory;
        if (auto status = memory.take(bytes, allocator); !status) {
            return status;
        }
        facelite_stream *handle = nullptr;
        auto code = facelite_stream_init(memory.data(), memory.size(), model.handle(), &handle);
        if (code == FACELITE_OK) {
            code = facelite_stream_set_rate(handle, rate);
        }
        if (code == FACELITE_OK) {
            memory_ = std::move(memory);
            handle_ = Handle(handle);
            controls_ = model.info().controls;
            scratch_ = model.info().scratch_bytes;
        }
        return code;
    }

    /* Hears `pcm` and stores the frames whose audio is complete; `frames` has room for whole frames of controls()
     * floats, frames_for(pcm.size()) of them at least. FACELITE_E_MEMORY: the scratch was opened for a smaller model. */
    Pushed push(Span<const float> pcm, const Scratch &scratch, Span<float> frames) noexcept {
        return with(scratch, [&](std::size_t *count) {
            return facelite_stream_push_f32(handle(), scratch.data(), pcm.data(), pcm.size(), frames.data(),
                                            room(frames), count);
        });
    }
    Pushed push(Span<const std::int16_t> pcm, const Scratch &scratch, Span<float> frames) noexcept {
        return with(scratch, [&](std::size_t *count) {
            return facelite_stream_push_i16(handle(), scratch.data(), pcm.data(), pcm.size(), frames.data(),
                                            room(frames), count);
        });
    }

    /* The clip has ended: the frames still owed, frames_pending() of them. */
    Pushed flush(const Scratch &scratch, Span<float> frames) noexcept {
        return with(scratch, [&](std::size_t *count) {
            return facelite_stream_flush(handle(), scratch.data(), frames.data(), room(frames), count);
        });
    }

    /* The face at game time `seconds` of the clip's clock, into controls() floats. */
    Status sample(double seconds, Span<float> face) const noexcept {
        return face.size() < controls_ ? FACELITE_E_CAPACITY : facelite_stream_sample(handle(), seconds, face.data());
    }

    /* Stops speech: the face leaves its pose at `at` for what comes next, over `fade` seconds. */
    Status stop(double at, double fade) noexcept { return facelite_stream_stop(handle(), at, fade); }
    Status reset() noexcept { return facelite_stream_reset(handle()); }
    Status set_smoothing(bool enabled) noexcept { return facelite_stream_set_smoothing(handle(), enabled ? 1 : 0); }

    std::size_t frames_for(std::size_t samples) const noexcept { return facelite_stream_frames_for(handle(), samples); }
    std::size_t frames_pending() const noexcept { return facelite_stream_frames_pending(handle()); }
    std::uint32_t controls() const noexcept { return controls_; }
    /* All zeros before the stream is opened. */
    facelite_latency latency() const noexcept {
        facelite_latency sum = {};
        static_cast<void>(facelite_stream_latency(handle(), &sum));
        return sum;
    }
    /* For `step`. */
    facelite_stream *handle() const noexcept { return handle_.get(); }

private:
    template <class Call> Pushed with(const Scratch &scratch, Call call) noexcept {
        std::size_t count = 0;
        const facelite_status code = scratch.size() < scratch_ ? FACELITE_E_MEMORY : call(&count);
        return {code, count};
    }
    std::size_t room(Span<float> frames) const noexcept { return controls_ == 0 ? 0 : frames.size() / controls_; }

    Memory memory_;
    Handle<facelite_stream> handle_;
    std::uint32_t controls_ = 0;
    std::size_t scratch_ = 0; /* bytes of it that a hop takes */
};

/* A push to many distinct streams of one model, the scratch's, at once, with the frames of each one's own push:
 * `samples` samples of pcm[i] for streams[i], its frames, `capacity` at most, to frames[i], how many to written[i].
 * FACELITE_E_ARGUMENT: the spans differ in length, or the streams in their model; FACELITE_E_MEMORY: the scratch was
 * opened for fewer characters, or for a smaller model. */
template <class Sample>
Status step(Span<facelite_stream *const> streams, const Scratch &scratch, Span<const Sample *const> pcm,
            std::size_t samples, Span<float *const> frames, std::size_t capacity, Span<std::size_t> written) noexcept {
    static_assert(std::is_same_v<Sample, float> || std::is_same_v<Sample, std::int16_t>);
    if (pcm.size() != streams.size() || frames.size() != streams.size() || written.size() != streams.size()) {
        return FACELITE_E_ARGUMENT;
    }
    /* The C function below sees to it that all streams are of the first one's model. */
    const facelite_model *model = streams.empty() ? nullptr : facelite_stream_model(streams[0]);
    if (scratch.characters() < streams.size() ||
        scratch.size() < facelite_streams_scratch_bytes(model, streams.size())) {
        return FACELITE_E_MEMORY;
    }
    if constexpr (std::is_same_v<Sample, float>) {
        return facelite_streams_step_f32(streams.data(), streams.size(), scratch.data(), pcm.data(), samples,
                                         frames.data(), capacity, written.data());
    } else {
        return facelite_streams_step_i16(streams.data(), streams.size(), scratch.data(), pcm.data(), samples,
                                         frames.data(), capacity, written.data());
    }
}

} // namespace facelite

#ifdef __cpp_lib_ranges
template <class T> inline constexpr bool std::ranges::enable_borrowed_range<facelite::Span<T>> = true;
template <class T> inline constexpr bool std::ranges::enable_view<facelite::Span<T>> = true;
#endif
#endif
