# The Go of this environment, by gophersnake. Sourced by conda, mamba and micromamba.
if (${env:__GOPHERSNAKE_7ea168d9_ACTIVE} -ne 'on') {
    if (Test-Path -LiteralPath 'Env:GOROOT') { [Environment]::SetEnvironmentVariable('__GOPHERSNAKE_7ea168d9_GOROOT', [Environment]::GetEnvironmentVariable('GOROOT')) }
    if (Test-Path -LiteralPath 'Env:GOPATH') { [Environment]::SetEnvironmentVariable('__GOPHERSNAKE_7ea168d9_GOPATH', [Environment]::GetEnvironmentVariable('GOPATH')) }
    if (Test-Path -LiteralPath 'Env:GOFLAGS') { [Environment]::SetEnvironmentVariable('__GOPHERSNAKE_7ea168d9_GOFLAGS', [Environment]::GetEnvironmentVariable('GOFLAGS')) }
    if (Test-Path -LiteralPath 'Env:CGO_ENABLED') { [Environment]::SetEnvironmentVariable('__GOPHERSNAKE_7ea168d9_CGO_ENABLED', [Environment]::GetEnvironmentVariable('CGO_ENABLED')) }
    if (Test-Path -LiteralPath 'Env:GOBIN') { [Environment]::SetEnvironmentVariable('__GOPHERSNAKE_7ea168d9_GOBIN', [Environment]::GetEnvironmentVariable('GOBIN')) }
    ${env:__GOPHERSNAKE_7ea168d9_ACTIVE} = 'on'
    $__gophersnake = ${env:PATH}.Split([IO.Path]::PathSeparator)
    if ([Array]::IndexOf($__gophersnake, '/one/go/bin', 0, [Math]::Max(0, [Array]::FindIndex($__gophersnake, [Predicate[string]]{ $args[0].StartsWith(${env:CONDA_PREFIX}) }))) -lt 0) { ${env:PATH} = '/one/go/bin' + [IO.Path]::PathSeparator + ${env:PATH} }
    $__gophersnake = ${env:PATH}.Split([IO.Path]::PathSeparator)
    if ([Array]::IndexOf($__gophersnake, '/one/it''s/bin', 0, [Math]::Max(0, [Array]::FindIndex($__gophersnake, [Predicate[string]]{ $args[0].StartsWith(${env:CONDA_PREFIX}) }))) -lt 0) { ${env:PATH} = '/one/it''s/bin' + [IO.Path]::PathSeparator + ${env:PATH} }
    Remove-Variable -Name '__gophersnake' -ErrorAction Ignore
}
Remove-Item -LiteralPath 'Env:GOROOT' -ErrorAction Ignore
${env:GOPATH} = '/one/go'
${env:GOFLAGS} = '-mod=mod ''x'' 100% &'
${env:CGO_ENABLED} = '0'
${env:GOBIN} = '/one/go/bin'
