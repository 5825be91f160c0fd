package solver

// Check is the checker, for the tests of other packages.
var Check = check
