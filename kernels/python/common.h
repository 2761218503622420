// What every class of the binding needs: arrays, errors, aligned memory.
#ifndef FACELITE_PYTHON_COMMON_H
#define FACELITE_PYTHON_COMMON_H

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <cstring>
#include <new>
#include <stdexcept>

#include "facelite/facelite.h"

namespace py = pybind11;

using Frames = py::array_t<float, py::array::c_style>;
using Codes = py::array_t<int8_t, py::array::c_style>;

/// A facelite status other than OK; Python sees `_kernel.KernelError` with `.status`.
class KernelError : public std::runtime_error {
public:
    explicit KernelError(facelite_status status) : std::runtime_error(facelite_strerror(status)), status(status) {}
    facelite_status status;
};

inline void check(facelite_status status) {
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

#endif
