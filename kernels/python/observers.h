// What looks on while a hop runs: each operator's codes, each operator's time.
#ifndef FACELITE_PYTHON_OBSERVERS_H
#define FACELITE_PYTHON_OBSERVERS_H

#include <chrono>
#include <utility>
#include <vector>

#include "common.h"

using Clock = std::chrono::steady_clock;

inline double nanoseconds(Clock::time_point from, Clock::time_point to) {
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

#endif
