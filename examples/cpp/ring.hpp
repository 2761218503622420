// Blocks from one thread to another, in order, without locks or allocation: one writer, one reader.
#pragma once
#include <array>
#include <atomic>
#include <cstddef>

template <class T, std::size_t Size> class Ring {
public:
    // Writer: false when it is full.
    bool put(const T &value) noexcept {
        const auto at = written_.load(std::memory_order_relaxed);
        if (at - read_.load(std::memory_order_acquire) == Size) {
            return false;
        }
        slots_[at % Size] = value;
        written_.store(at + 1, std::memory_order_release);
        return true;
    }

    // Reader: false when it is empty.
    bool get(T &value) noexcept {
        const auto at = read_.load(std::memory_order_relaxed);
        if (at == written_.load(std::memory_order_acquire)) {
            return false;
        }
        value = slots_[at % Size];
        read_.store(at + 1, std::memory_order_release);
        return true;
    }

private:
    std::array<T, Size> slots_ = {};
    alignas(64) std::atomic<std::size_t> written_{0};
    alignas(64) std::atomic<std::size_t> read_{0};
};
