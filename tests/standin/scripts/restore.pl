#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
# qubes.Restore in a VM of a stand-in: sends the wanted members of an archive as a qfile stream and waits for the verdict.
# First line: a file of the VM or a command that gives the archive; second line: prefixes of names, none for everything.

use strict;
use warnings;

my $EDQUOT = 122;

binmode($_) for \*STDIN, \*STDOUT;
$SIG{PIPE} = 'IGNORE';
my $source = line();
my @wanted = split(' ', line());
my %credited;
my $archive;
my $path = $source =~ m{^/} ? "$ENV{STANDIN_VM_ROOT}$source" : $source;
if (-f $path) {
    open($archive, '<:raw', $path) or fail(2, "$source: $!");
}
else {
    my ($command) = split(' ', $source);
    fail(2, "$source is neither a file nor a command")
        if !defined $command || system('/bin/sh', '-c', 'command -v "$1" >/dev/null', 'sh', $command) != 0;
    open($archive, '-|:raw', '/bin/sh', '-c', 'exec </dev/null; eval "set -- $1"; exec "$@"', 'sh', $source)
        or fail(2, "$source: $!");
}

my $crc = crc_start();
my %made;
while (my $header = block()) {
    last if $header eq "\0" x 512;
    my ($name, $mode, $size, $time, $type, $prefix) = unpack('Z100 A8 x16 A12 A12 x8 a1 x188 Z155', $header);
    $_ = oct(s/[\0 ]//gr) for $mode, $size, $time;
    $name = "$prefix/$name" if length $prefix;
    my $padded = ($size + 511) & ~511;
    my $is_wanted = $type eq '0' && is_wanted($name);
    if (!$is_wanted) {
        last if $type eq '0' && @wanted && keys(%credited) == @wanted;
        skip($padded);
        next;
    }
    my @parents = split('/', $name);
    for my $depth (1 .. $#parents) {
        my $folder = join('/', @parents[0 .. $depth - 1]);
        header($folder, 0040700, 0, $time) unless $made{$folder}++;
    }
    header($name, 0100000 | ($mode & 07777), $size, $time);
    my $left = $size;
    while ($left > 0) {
        my $data = bytes($left < 65536 ? $left : 65536);
        fail(1, "$name is cut") unless length $data;
        give($data);
        $left -= length $data;
    }
    skip($padded - $size);
}
give("\0" x 32);

read(STDIN, my $verdict, 16) == 16 or fail(1, 'the receiver said nothing at the end');
my ($code, undef, $received) = unpack('V V Q<', $verdict);
fail(1, "the receiver failed with code $code") if $code != 0 && $code != $EDQUOT;
fail(1, 'the receiver got something else') if $code == 0 && $received != crc_value($crc);
exit(0);

sub line {
    my $line = '';
    while (sysread(STDIN, my $byte, 1)) {
        last if $byte eq "\n";
        $line .= $byte;
    }
    $line =~ s/^[ \t]+|[ \t]+$//g;
    return $line;
}

# Whether a member is wanted; the first prefix that fits has got what it is for.
sub is_wanted {
    my ($name) = @_;
    return 1 unless @wanted;
    for my $prefix (@wanted) {
        if (index($name, $prefix) == 0) {
            $credited{$prefix} = 1;
            return 1;
        }
    }
    return 0;
}

sub bytes {
    my ($count) = @_;
    my $data = '';
    while (length($data) < $count) {
        my $read = read($archive, $data, $count - length($data), length($data)) or last;
    }
    return $data;
}

sub block {
    my $block = bytes(512);
    return length($block) == 512 ? $block : undef;
}

sub skip {
    my ($count) = @_;
    return if $count == 0 || (-f $archive && seek($archive, $count, 1));
    while ($count > 0) {
        my $data = bytes($count < 65536 ? $count : 65536);
        last unless length $data;
        $count -= length $data;
    }
}

sub header {
    my ($name, $mode, $size, $time) = @_;
    give(pack('V V Q< V V V V', length($name) + 1, $mode, $size, $time, 0, $time, 0) . "$name\0");
}

sub give {
    my ($data) = @_;
    $crc = crc_add($crc, $data);
    my $done = 0;
    while ($done < length $data) {
        my $count = syswrite(STDOUT, $data, length($data) - $done, $done);
        fail(1, "the receiver is gone: $!") unless defined $count;
        $done += $count;
    }
}

sub fail {
    my ($code, $text) = @_;
    print STDERR "qubes.Restore: $text\n";
    exit($code);
}

# The checksum, by the library where there is one, else table by table.
my (@table, $library);

sub crc_start {
    $library = eval { require Compress::Raw::Zlib; 1 };
    @table = map {
        my $value = $_;
        $value = $value & 1 ? 0xedb88320 ^ ($value >> 1) : $value >> 1 for 1 .. 8;
        $value;
    } 0 .. 255;
    return $library ? Compress::Raw::Zlib::crc32('') : 0xffffffff;
}

sub crc_add {
    my ($crc, $data) = @_;
    return Compress::Raw::Zlib::crc32($data, $crc) if $library;
    $crc = $table[($crc ^ $_) & 0xff] ^ ($crc >> 8) for unpack('C*', $data);
    return $crc;
}

sub crc_value {
    my ($crc) = @_;
    return $library ? $crc : $crc ^ 0xffffffff;
}
