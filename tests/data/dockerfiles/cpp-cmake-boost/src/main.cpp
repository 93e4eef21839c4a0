#include <boost/program_options.hpp>
#include <iostream>

namespace po = boost::program_options;

int main(int argc, char** argv) {
    po::options_description options("resample");
    options.add_options()("help", "what this is")("rate", po::value<int>()->default_value(48000), "in Hz");
    po::variables_map values;
    po::store(po::parse_command_line(argc, argv, options), values);
    if (values.count("help")) {
        std::cout << options;
        return 0;
    }
    std::cout << values["rate"].as<int>() << " Hz\n";
}
