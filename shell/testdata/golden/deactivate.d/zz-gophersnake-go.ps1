# The Go of this environment, by gophersnake. Sourced by conda, mamba and micromamba.
if (${env:__GOPHERSNAKE_7ea168d9_ACTIVE} -eq 'on') {
    Remove-Item -LiteralPath 'Env:GOROOT' -ErrorAction Ignore
    if (Test-Path -LiteralPath 'Env:__GOPHERSNAKE_7ea168d9_GOROOT') { [Environment]::SetEnvironmentVariable('GOROOT', [Environment]::GetEnvironmentVariable('__GOPHERSNAKE_7ea168d9_GOROOT')) }
    Remove-Item -LiteralPath 'Env:__GOPHERSNAKE_7ea168d9_GOROOT' -ErrorAction Ignore
    Remove-Item -LiteralPath 'Env:GOPATH' -ErrorAction Ignore
    if (Test-Path -LiteralPath 'Env:__GOPHERSNAKE_7ea168d9_GOPATH') { [Environment]::SetEnvironmentVariable('GOPATH', [Environment]::GetEnvironmentVariable('__GOPHERSNAKE_7ea168d9_GOPATH')) }
    Remove-Item -LiteralPath 'Env:__GOPHERSNAKE_7ea168d9_GOPATH' -ErrorAction Ignore
    Remove-Item -LiteralPath 'Env:GOFLAGS' -ErrorAction Ignore
    if (Test-Path -LiteralPath 'Env:__GOPHERSNAKE_7ea168d9_GOFLAGS') { [Environment]::SetEnvironmentVariable('GOFLAGS', [Environment]::GetEnvironmentVariable('__GOPHERSNAKE_7ea168d9_GOFLAGS')) }
    Remove-Item -LiteralPath 'Env:__GOPHERSNAKE_7ea168d9_GOFLAGS' -ErrorAction Ignore
    Remove-Item -LiteralPath 'Env:CGO_ENABLED' -ErrorAction Ignore
    if (Test-Path -LiteralPath 'Env:__GOPHERSNAKE_7ea168d9_CGO_ENABLED') { [Environment]::SetEnvironmentVariable('CGO_ENABLED', [Environment]::GetEnvironmentVariable('__GOPHERSNAKE_7ea168d9_CGO_ENABLED')) }
    Remove-Item -LiteralPath 'Env:__GOPHERSNAKE_7ea168d9_CGO_ENABLED' -ErrorAction Ignore
    Remove-Item -LiteralPath 'Env:GOBIN' -ErrorAction Ignore
    if (Test-Path -LiteralPath 'Env:__GOPHERSNAKE_7ea168d9_GOBIN') { [Environment]::SetEnvironmentVariable('GOBIN', [Environment]::GetEnvironmentVariable('__GOPHERSNAKE_7ea168d9_GOBIN')) }
    Remove-Item -LiteralPath 'Env:__GOPHERSNAKE_7ea168d9_GOBIN' -ErrorAction Ignore
    $__gophersnake = [Collections.ArrayList]@(${env:PATH}.Split([IO.Path]::PathSeparator))
    $__gophersnake.Remove('/one/it''s/bin')
    ${env:PATH} = $__gophersnake -join [IO.Path]::PathSeparator
    Remove-Variable -Name '__gophersnake'
    $__gophersnake = [Collections.ArrayList]@(${env:PATH}.Split([IO.Path]::PathSeparator))
    $__gophersnake.Remove('/one/go/bin')
    ${env:PATH} = $__gophersnake -join [IO.Path]::PathSeparator
    Remove-Variable -Name '__gophersnake'
    Remove-Item -LiteralPath 'Env:__GOPHERSNAKE_7ea168d9_ACTIVE' -ErrorAction Ignore
}
