// A thin pybind11 layer over the public C header: it owns memory, checks shapes and releases the GIL.
#include <pybind11/stl.h>

#include <optional>
#include <string>
#include <vector>

#include "crowd.h"
#include "model.h"
#include "stream.h"

namespace {

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

void bind_errors(py::module_ &module) {
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
}

void bind_model(py::module_ &module) {
    py::class_<Model, std::shared_ptr<Model>>(module, "Model", "A student.facelite, copied once into aligned memory.")
        .def(py::init<const py::buffer &>(), py::arg("blob"))
        .def_property_readonly("info", info_dict, "facelite_info as a dict.")
        .def_property_readonly("controls", &Model::controls)
        .def_property_readonly("isa", &Model::isa)
        .def_property_readonly("output", &Model::output, "(scale, zero point) of the output codes.")
        .def_property_readonly("places", &Model::places, "facelite_place of every tensor, as dicts.")
        .def("codes", [](const Model &m, const py::array_t<float, py::array::c_style> &pcm) {
            return encode<float>(m, pcm, facelite_debug_codes_f32);
        }, py::arg("pcm").noconvert(), "float32 PCM [n] -> int8 input codes [n].")
        .def("codes", [](const Model &m, const py::array_t<int16_t, py::array::c_style> &pcm) {
            return encode<int16_t>(m, pcm, facelite_debug_codes_i16);
        }, py::arg("pcm").noconvert(), "int16 PCM [n] -> int8 input codes [n].");
}

void bind_stream(py::module_ &module) {
    py::class_<Stream, std::shared_ptr<Stream>>(module, "Stream", "One character. Not for two threads at once; the GIL is released.")
        .def(py::init<std::shared_ptr<Model>, std::optional<bool>, std::optional<uint32_t>>(),
             py::arg("model").none(false), py::arg("smoothing") = std::nullopt, py::arg("sample_rate") = std::nullopt)
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
}

void bind_crowd(py::module_ &module) {
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
}

void bind_isa(py::module_ &module) {
    module.def("isa_available", isa_available, "Tiers that are built in and run here, weakest first.");
    module.def("isa_selected", isa_selected, "Tier of the next Model, or None when FACELITE_ISA names an absent one.");
    module.def("isa_force", [](std::optional<std::string> name) {
        check(facelite_isa_force(name ? name->c_str() : nullptr));
    }, py::arg("name"), "Forces a tier for models made later; None goes back to the best.");
}

} // namespace

PYBIND11_MODULE(_kernel, module) {
    module.doc() = "The C kernel: models, streams and instruction sets. facelite.student is the interface to use.";
    bind_errors(module);
    bind_model(module);
    bind_stream(module);
    bind_crowd(module);
    bind_isa(module);
    module.def("version", &facelite_version);
}
