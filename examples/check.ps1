# Checks a patient's eligibility, registers the chart number and fetches drugs, with PowerShell 7 and nothing else.
# usage: pwsh check.ps1 demo.json
param([Parameter(Mandatory)] [string] $DemoJson)
$ErrorActionPreference = 'Stop'

$demo = Get-Content -Raw $DemoJson | ConvertFrom-Json
$institution = $demo.institutions[0]
$card = $demo.cards[0]
$certificate = [System.Security.Cryptography.X509Certificates.X509Certificate2]::new(
    $institution.client_p12, $institution.client_p12_password)
$authority = [System.Security.Cryptography.X509Certificates.X509Certificate2]::CreateFromPemFile($demo.ca)

# Trusts the demo's own authority, for this program only.
$handler = [System.Net.Http.SocketsHttpHandler]::new()
$handler.SslOptions.ClientCertificates = [System.Security.Cryptography.X509Certificates.X509CertificateCollection]::new()
$null = $handler.SslOptions.ClientCertificates.Add($certificate)
$policy = [System.Security.Cryptography.X509Certificates.X509ChainPolicy]::new()
$policy.TrustMode = 'CustomRootTrust'
$policy.RevocationMode = 'NoCheck'
$null = $policy.CustomTrustStore.Add($authority)
$handler.SslOptions.CertificateChainPolicy = $policy
$client = [System.Net.Http.HttpClient]::new($handler)

function Invoke-Api([string] $Path, $Message) {
    $json = $Message | ConvertTo-Json -Depth 12
    $content = [System.Net.Http.StringContent]::new($json, [System.Text.Encoding]::UTF8, 'application/json')
    $response = $client.PostAsync("$($demo.api)/oqs-api-pro/$Path", $content).GetAwaiter().GetResult()
    $answer = $response.Content.ReadAsStringAsync().GetAwaiter().GetResult() | ConvertFrom-Json
    # Not logged in, no right, too many requests ...: what to do stands in msg, the code in code.
    if ([int] $response.StatusCode -ne 200) { throw "$([int] $response.StatusCode) $($answer.code) $($answer.msg)" }
    $answer
}

function New-Message($Header, $Body) { @{ XmlMsg = @{ MessageHeader = $Header; MessageBody = $Body } } }

$account = $institution.accounts | Where-Object kind -eq 'api'
$entered = Invoke-Api 'MSA12020/ILI12020SV01/auth' @{ userId = $account.user_id; password = $account.password }
$null = $client.DefaultRequestHeaders.TryAddWithoutValidation('Authorization', $entered.result.idToken)
'logged in'

$search = @{
    InsurerNumber = $card.insurer_number; InsuredCardSymbol = $card.symbol
    InsuredIdentificationNumber = $card.number; InsuredBranchNumber = $card.branch
    Birthdate = $card.birthdate; LimitApplicationCertificateRelatedConsFlg = '0'
}
$header = @{ QualificationConfirmationDate = $demo.today; MedicalInstitutionCode = $institution.code }
$check = Invoke-Api 'MSA01030/ILI01030SV01/search' (New-Message $header @{ QualificationConfirmSearchInfo = $search })
"eligibility: $($check.XmlMsg.MessageBody.QualificationValidity)"

$registration = @{
    ReferenceNumber = 'chart-0001'; InsurerNumber = $card.insurer_number; InsuredCardSymbol = $card.symbol
    InsuredIdentificationNumber = $card.number; InsuredBranchNumber = $card.branch
}
$header = @{ MedicalInstitutionCode = $institution.code }
$register = Invoke-Api 'MSA01040/ILI01040SV01/register' `
    (New-Message $header @{ ReferenceNumberRegistrationInfo = $registration })
"reference number: $($register.XmlMsg.MessageBody.ProcessingResultStatus)"

# The header of this message has names of its own for the same numbers.
$header = @{
    MedicalInstitutionCode = $institution.code; InsurerNumber = $card.insurer_number
    InsuranceCardSymbol = $card.symbol; InsuredPersonIdentificationNumber = $card.number; BranchNumber = $card.branch
}
$month = $demo.today.Substring(0, 6)
$body = @{ StartDate = [string] ([int] $month - 100); EndDate = $month; FileCategory = '2' }
$head = (Invoke-Api 'MSA02010/ILI02010SV01/search' (New-Message $header $body)).XmlMsg.MessageHeader
"drugs: $($head.ResultCode)"
if ($head.ResultCode -ne '1') { $head.MessageContents }
