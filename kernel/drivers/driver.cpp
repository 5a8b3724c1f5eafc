#include "drivers/driver.hpp"

#include "log/log.hpp"

namespace exo::drivers {

constinit DriverRegistry DRIVERS;

Result<> DriverRegistry::add(Driver& driver) {
    if (find(driver.name()) != nullptr) return Error::Eexist;
    drivers_.push_back(driver);
    return {};
}

Result<> DriverRegistry::start(Driver& driver) {
    if (!driver.probe()) {
        driver.state_ = DriverState::Absent;
        return Error::Enodev;
    }
    const Result<> started = driver.init();
    driver.state_ = started ? DriverState::Ready : DriverState::Failed;
    if (!started) log::warning("{}: does not start (error {})", driver.name(), started.error());
    return started;
}

void DriverRegistry::start_all() {
    for (Driver& driver : drivers_) {
        if (driver.state_ == DriverState::Registered)
            (void)start(driver);  // its state tells; a failure is logged
    }
}

Driver* DriverRegistry::find(std::string_view name) {
    for (Driver& driver : drivers_) {
        if (driver.name() == name) return &driver;
    }
    return nullptr;
}

void DriverRegistry::for_each(FunctionRef<void(Driver&)> visit) {
    for (Driver& driver : drivers_) visit(driver);
}

}  // namespace exo::drivers
