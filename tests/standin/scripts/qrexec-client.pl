#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
# qrexec-client of a stand-in: runs a service "in" a VM, whose file system is ROOT/run/vm/NAME, and passes its input, output
# and exit status on. It finds ROOT from where it lies itself. Killed, it leaves the service to itself: that sees the end of
# its input, as it does when a real connection breaks.

use strict;
use warnings;
use Cwd qw(abs_path);
use Errno qw(EAGAIN EINTR);
use Fcntl qw(:flock F_GETFL F_SETFL O_NONBLOCK O_WRONLY O_APPEND O_CREAT);
use POSIX qw(setsid WNOHANG dup2);
use Time::HiRes qw(time);

my $root = abs_path($0);
$root =~ s{/usr/(?:lib/qubes|bin)/qrexec-client$}{} or die "qrexec-client does not lie where dom0 has it\n";
my $own = "$root/run/standin";

# Appends a line to a file of the stand-in.
sub note {
    my ($file, $line) = @_;
    $line =~ s/[\n\r]/ /g;
    sysopen(my $out, "$own/$file", O_WRONLY | O_APPEND | O_CREAT) or die "$own/$file: $!\n";
    syswrite($out, "$line\n");
    close($out);
}

# Ends because of how it was called; no program of ours should call it so.
sub misused {
    my ($why) = @_;
    note('violations', "qrexec-client: $why: @ARGV");
    print STDERR "usage: qrexec-client -d VM [-w SECONDS] [-t] [-T] USER:COMMAND\n";
    exit(1);
}

my ($vm, $wait, $clean_out, $clean_err) = (undef, 5, 0, 0);
my @words = @ARGV;
while (@words && $words[0] =~ /^-/) {
    my $option = shift(@words);
    if ($option eq '-d') { $vm = shift(@words) // misused('-d names no VM'); }
    elsif ($option eq '-w') {
        $wait = shift(@words) // '';
        misused('-w wants seconds') unless $wait =~ /^[0-9]+$/;
    }
    elsif ($option eq '-t') { $clean_out = 1; }
    elsif ($option eq '-T') { $clean_err = 1; }
    else { misused("the option $option is not for us"); }
}
misused('no VM') unless defined $vm;
misused('one word is the command') unless @words == 1;
my ($service, $argument) = $words[0] =~ m{^DEFAULT:QUBESRPC ([A-Za-z0-9_.-]+)\+(\S*) dom0$}
    or misused('the command is not DEFAULT:QUBESRPC SERVICE+ARGUMENT dom0');
note('violations', "qrexec-client: -t spoils the data of $service") if $clean_out && $service !~ /^qubes\.Select/;
note('services', join("\t", time(), $$, $vm, $service, $argument, $wait, $clean_out, $clean_err));

my $socket = "/var/run/qubes/qrexec.$vm";
if (!-e "$root$socket") {
    print STDERR "qrexec-client: cannot connect to $socket: No such file or directory\n";
    exit(125);
}
my $vm_root = "$root/run/vm/$vm";
my @program;
if (-x "$vm_root/etc/qubes-rpc/$service") { @program = ("$vm_root/etc/qubes-rpc/$service"); }
elsif ($service =~ /^qubes\.Select(Directory|File)$/) { @program = ("$own/qubes.Select", $1); }
elsif ($service =~ /^qubes\.(?:Backup|Restore)$/) { @program = ("$own/$service"); }
else {
    print STDERR "$service: no such service\n";
    exit(127);
}

pipe(my $service_in, my $in) && pipe(my $out, my $service_out) && pipe(my $err, my $service_err) or die "pipe: $!\n";
my $child = fork() // die "fork: $!\n";
if ($child == 0) {
    setsid();
    dup2(fileno($service_in), 0);
    dup2(fileno($service_out), 1);
    dup2(fileno($service_err), 2);
    %ENV = (
        PATH => $ENV{PATH},
        HOME => "$vm_root/home/user",
        USER => 'user',
        SHELL => '/bin/sh',
        LC_ALL => 'C.UTF-8',
        QREXEC_REMOTE_DOMAIN => 'dom0',
        STANDIN_VM => $vm,
        STANDIN_VM_ROOT => $vm_root,
        STANDIN_OWN => $own,
    );
    chdir("$vm_root/home/user");
    exec(@program) or do { print STDERR "$program[0]: $!\n"; POSIX::_exit(127); };
}
close($_) for $service_in, $service_out, $service_err;
fcntl($in, F_SETFL, fcntl($in, F_GETFL, 0) | O_NONBLOCK);
$SIG{PIPE} = 'IGNORE';

# What comes from where and goes where, how much of it at once, and what is under way. A caller's pipe may not be made
# non-blocking, so it gets no more than always fits into a pipe that takes anything.
my @ways = (
    { from => \*STDIN, to => $in, step => 65536, data => '', clean => 0 },
    { from => $out, to => \*STDOUT, step => 4096, data => '', clean => $clean_out },
    { from => $err, to => \*STDERR, step => 4096, data => '', clean => $clean_err },
);

sub take {
    my ($way) = @_;
    my $count = sysread($way->{from}, $way->{data}, 65536);
    return if !defined($count) && ($! == EAGAIN || $! == EINTR);
    if (!$count) {
        $way->{from} = undef;
        finish($way);
        return;
    }
    $way->{data} =~ tr/\x20-\x7e\n\t\r/_/c if $way->{clean};
    $way->{data} = '' if !defined $way->{to};
}

sub give {
    my ($way) = @_;
    my $count = syswrite($way->{to}, $way->{data}, $way->{step});
    if (!defined($count)) {
        return if $! == EAGAIN || $! == EINTR;
        # Whoever read it is gone. What a service still says is read and thrown away; what it does not want is not read.
        close($way->{to}) if fileno($way->{to}) > 2;
        $way->{to} = undef;
        $way->{data} = '';
        if ($way == $ways[0]) { close(STDIN); $way->{from} = undef; }
        return;
    }
    substr($way->{data}, 0, $count, '');
    finish($way);
}

# Passes an end on.
sub finish {
    my ($way) = @_;
    return if defined($way->{from}) || length($way->{data}) || $way != $ways[0] || !defined($way->{to});
    close($way->{to});
    $way->{to} = undef;
}

my $status;
while (1) {
    if (!defined $status && waitpid($child, WNOHANG) == $child) { $status = $?; }
    last if defined $status && !grep { defined($_->{from}) || length($_->{data}) } @ways[1, 2];
    if (!-e "$root$socket") {
        kill('KILL', -$child);
        print STDERR "qrexec-client: connection to $vm lost\n";
        exit(125);
    }
    my ($reads, $writes) = ('', '');
    for my $way (@ways) {
        if (length $way->{data}) { vec($writes, fileno($way->{to}), 1) = 1; }
        elsif (defined $way->{from} && !($way == $ways[0] && defined $status)) {
            vec($reads, fileno($way->{from}), 1) = 1;
        }
    }
    select($reads, $writes, undef, 0.05) > 0 or next;
    for my $way (@ways) {
        if (length $way->{data}) { give($way) if defined $way->{to} && vec($writes, fileno($way->{to}), 1); }
        elsif (defined $way->{from} && vec($reads, fileno($way->{from}), 1)) { take($way); }
    }
}
exit($status & 127 ? 128 + ($status & 127) : $status >> 8);
