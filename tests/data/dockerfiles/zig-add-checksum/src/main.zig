const std = @import("std");

pub fn main() !void {
    const roll = std.crypto.random.intRangeAtMost(u8, 1, 6);
    try std.io.getStdOut().writer().print("{d}\n", .{roll});
}
