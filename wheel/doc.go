// Package wheel reads Python packages in wheel format and installs them into a
// prefix that exists only as a stream of files: nothing is unpacked and nothing
// of a package is run.
//
// [ParseName] and [Target] tell which wheels fit a system, [Open] reads one.
// Installing has two phases. [Wheel.Describe] plans it from the wheel's
// metadata and makes one immutable [Description]; [Settle] finds what several
// wheels, or a wheel and others, own together. [Write] streams a wheel by its
// description alone, so that wheels may be written in any order, side by side,
// or not at all where the bytes of a description's [Description.Key] are known.
package wheel
