"""The pages of planners: forecast, its accuracy, staffing. What they load, derive and draw."""
